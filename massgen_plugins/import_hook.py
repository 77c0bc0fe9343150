"""The post-import hook of this package: what is to be done right after a module was executed.

Like ``_bootstrap`` it imports ``sys`` alone, so that whoever needs it at interpreter start can afford it.
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
    """A finder that finds nothing itself: it lets the others find, and runs something after the execution.

    Args:
        wanted: Whether something is to be done after a module of this name.
        run: Does it; must not raise, since the import would fail.
    """

    def __init__(self, wanted: Callable[[str], bool], run: Callable[[ModuleType], None]) -> None:
        self._wanted = wanted
        self._run = run

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What the other finders find."""
        if not self._wanted(name):
            return None
        return find_and_run(self, name, path, target, self._run)


def find_and_run(  # noqa: PLR0913, PLR0917 - the import system's three, and ours
    finder: Any,
    name: str,
    path: Sequence[str] | None,
    target: ModuleType | None,
    run: Callable[[ModuleType], None],
    failed: Callable[[Exception], None] | None = None,
) -> ModuleSpec | None:
    """Ask the finders other than ``finder`` for a module, and call ``run`` once it has been executed.

    ``failed`` is told of the exception that ended the execution; neither may raise.
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
        del loader.exec_module  # the loader is as it was; only this one execution was ours
        try:
            execute(module)
        except Exception as error:  # the module's own, raised again as it is
            if failed is not None:
                failed(error)
            raise
        run(module)

    # On the instance: its type and all else of it stay what the import system expects.
    loader.exec_module = execute_and_run  # type: ignore[method-assign]  # the one instance is changed
