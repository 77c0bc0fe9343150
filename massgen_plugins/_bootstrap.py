# mypy: disable-error-code="comparison-overlap, unreachable"
# The watcher is typed with builtins only, so mypy does not take it for a finder.
"""What happens when MassGen is imported: the package attaches to it, and the watch ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from massgen_plugins import HostFinder

__all__ = ["find_and_attach", "stop"]


def find_and_attach(
    watcher: HostFinder, name: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    """Ask the other finders for a module, and attach to it once it has been executed."""
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = find(name, path, target) if find and finder is not watcher else None
        if spec is not None:
            _attach_after_execution(spec, watcher)
            return spec
    return None


def stop() -> None:
    """Watch no longer."""
    from massgen_plugins import HostFinder

    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, HostFinder)]


def _attach_after_execution(spec: ModuleSpec, watcher: HostFinder) -> None:
    loader = spec.loader
    execute = getattr(loader, "exec_module", None)
    if loader is None or execute is None:
        return

    def execute_and_attach(module: ModuleType) -> None:
        del loader.exec_module  # the loader is as it was; only this one execution was ours
        execute(module)
        # Executed, and not merely looked up: only now is the watch for it over.
        watcher.waiting.discard(spec.name)
        if not watcher.waiting:
            stop()
        try:
            from massgen_plugins.host.attach import attach

            attach(module)
        except Exception as error:
            # MassGen's logger may not be there yet.
            from massgen_plugins.errors import described

            text = f"massgen-plugins: could not attach to {spec.name}: {described(error)}."
            print(text, file=sys.stderr)  # noqa: T201

    # On the instance: its type and all else of it stay what the import system expects.
    loader.exec_module = execute_and_attach  # type: ignore[method-assign]
