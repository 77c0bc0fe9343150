"""A post-import hook: runs a function right after a module has been executed.

Imports nothing but ``sys``, since it may be needed at interpreter start.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

__all__ = ["AfterImport", "find_and_run"]


class AfterImport:
    """A meta path finder that delegates to the other finders, and runs a function after the import.

    Args:
        wanted: Whether to run the function after a module of this name.
        run: The function, called with the module; must not raise, since the import would fail.
    """

    def __init__(self, wanted: Callable[[str], bool], run: Callable[[ModuleType], None]) -> None:
        self._wanted = wanted
        self._run = run

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the other finders' spec, or None for modules that are not wanted."""
        if not self._wanted(name):
            return None
        return find_and_run(self, name, path, target, self._run)


def find_and_run(  # noqa: PLR0913, PLR0917 - three are the import system's
    finder: Any,
    name: str,
    path: Sequence[str] | None,
    target: ModuleType | None,
    run: Callable[[ModuleType], None],
    failed: Callable[[Exception], None] | None = None,
) -> ModuleSpec | None:
    """Find a module with the finders other than ``finder``, and call ``run`` once it has been executed.

    If the execution fails, ``failed`` is called with the exception instead. Neither may raise.
    """
    for other in sys.meta_path:
        find = getattr(other, "find_spec", None)
        spec: ModuleSpec | None = find(name, path, target) if find and other is not finder else None
        if spec is not None:
            _run_after_execution(spec, run, failed)
            return spec
    return None


def _run_after_execution(
    spec: ModuleSpec, run: Callable[[ModuleType], None], failed: Callable[[Exception], None] | None
) -> None:
    loader = spec.loader
    execute = getattr(loader, "exec_module", None)
    if loader is None or execute is None:
        return

    def execute_and_run(module: ModuleType) -> None:
        del loader.exec_module  # restore the loader: only this execution is wrapped
        try:
            execute(module)
        except Exception as error:  # raised by the module itself
            if failed is not None:
                failed(error)
            raise
        run(module)

    # Patch the instance only, so that the loader keeps the type that the import system expects.
    loader.exec_module = execute_and_run  # type: ignore[method-assign]  # patches the instance
