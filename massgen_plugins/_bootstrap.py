# mypy: disable-error-code="comparison-overlap, unreachable"
# The watcher is typed with builtins only, so mypy does not take it for a finder.
"""What happens when MassGen is imported: the package attaches to it, and the watch ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

from massgen_plugins.import_hook import find_and_run

if TYPE_CHECKING:
    from massgen_plugins import HostFinder

__all__ = ["find_and_attach", "stop"]


def find_and_attach(
    watcher: HostFinder, name: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    """Ask the other finders for a module, and attach to it once it has been executed."""

    def attach_to(module: ModuleType) -> None:
        # Executed, and not merely looked up: only now is the watch for it over.
        watcher.waiting.discard(name)
        if not watcher.waiting:
            stop()
        try:
            from massgen_plugins.host.attach import attach

            attach(module)
        except Exception as error:
            # MassGen's logger may not be there yet.
            from massgen_plugins.errors import described

            text = f"massgen-plugins: could not attach to {name}: {described(error)}."
            print(text, file=sys.stderr)  # noqa: T201

    return find_and_run(watcher, name, path, target, attach_to, _explain)


def stop() -> None:
    """Watch no longer."""
    from massgen_plugins import HostFinder

    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, HostFinder)]


def _explain(error: Exception) -> None:
    """Tell a run that asks for limits why MassGen cannot be imported; the traceback alone names no cure."""
    try:
        from massgen_plugins.host.failed_start import explain_failed_start

        explain_failed_start(error)
    except Exception:  # noqa: S110 - MassGen's own error is what matters, and follows
        pass
