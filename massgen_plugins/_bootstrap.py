# mypy: disable-error-code="comparison-overlap, unreachable"
# HostFinder is annotated with builtins only, so mypy does not accept it as a finder.
"""Attaches the package to MassGen's modules as they are imported, then removes the finder."""

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
    """Find a module with the other finders, and attach to it once it has been executed."""

    def attach_to(module: ModuleType) -> None:
        # Only now: find_spec is also called for modules that are merely looked up, not imported.
        watcher.waiting.discard(name)
        if not watcher.waiting:
            stop()
            type(watcher).done = True
        try:
            from massgen_plugins.host.attach import attach

            attach(module)
        except Exception as error:
            # MassGen's logger may not exist yet.
            from massgen_plugins.errors import described

            text = f"massgen-plugins: could not attach to {name}: {described(error)}."
            print(text, file=sys.stderr)  # noqa: T201 - see above

    return find_and_run(watcher, name, path, target, attach_to, _explain)


def stop() -> None:
    """Remove the finder from ``sys.meta_path``."""
    from massgen_plugins import HostFinder

    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, HostFinder)]


def _explain(error: Exception) -> None:
    """Explain a failed import of MassGen to a run with limits; the traceback alone names no fix."""
    try:
        from massgen_plugins.host.failed_start import explain_failed_start

        explain_failed_start(error)
    except Exception:  # noqa: S110 - MassGen's own error matters more, and follows
        pass
