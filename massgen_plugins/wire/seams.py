"""Which HTTP clients are patched, and when: those that are imported now, and the others as soon as they are.

No client is imported for our sake.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from massgen_plugins.wire.patches import Target, patch, unpatch

__all__ = ["CLIENTS", "close_seams", "open_seams"]

CLIENTS = {
    "aiohttp": "massgen_plugins.wire.aiohttp_seam",
    "httpx": "massgen_plugins.wire.httpx_seam",
    "httpx2": "massgen_plugins.wire.httpx_seam",
}
"""Names of HTTP clients, and the modules that know them."""

Fault = Callable[[str, BaseException], None]


def open_seams(fault: Fault) -> None:
    """Patch the clients that are imported, and wait for the others; ``fault`` hears of what fails later."""
    if _watcher not in sys.meta_path:
        sys.meta_path.insert(0, _watcher)
    _watcher.fault = fault
    for name in CLIENTS:
        if name in sys.modules:
            _open(importlib.import_module(name))  # waits if another thread is just importing it


def close_seams() -> None:
    """Undo it, as far as nobody has wrapped over us."""
    if _watcher in sys.meta_path:
        sys.meta_path.remove(_watcher)
    for name in CLIENTS:
        if name in sys.modules:
            for target in _targets(sys.modules[name]):
                unpatch(target)


def _open(client: ModuleType) -> None:
    for target in _targets(client):
        patch(target)


def _targets(client: ModuleType) -> list[Target]:
    seam = importlib.import_module(CLIENTS[client.__name__])
    targets: list[Target] = seam.targets(client)
    return targets


class _Watcher(MetaPathFinder):
    """Lets the others find a client, and patches it when it has been executed."""

    fault: Fault

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in CLIENTS:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        specs = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None:
            self._patch_after_execution(spec)
        return spec

    def _patch_after_execution(self, spec: ModuleSpec) -> None:
        loader = spec.loader
        if loader is None:
            return
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            try:
                if self in sys.meta_path:
                    _open(module)
            except Exception as error:  # the client's import must not fail because of us
                self.fault(f"patching {module.__name__}", error)

        # On the instance: its type and all else of it stay what the import system expects.
        loader.exec_module = exec_module  # type: ignore[method-assign]


_watcher = _Watcher()
