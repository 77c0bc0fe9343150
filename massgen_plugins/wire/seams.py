"""Which HTTP clients are wrapped, and when: those that are imported now, and the others as soon as they are.

No client is imported for our sake.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from massgen_plugins.import_hook import AfterImport
from massgen_plugins.wire.gate import Gate, report_fault
from massgen_plugins.wrapping import Target, unwrap, wrap_once

__all__ = ["SEAMS", "close_seams", "open_seams"]

SEAMS = {
    "aiohttp": "massgen_plugins.wire.aiohttp_seam",
    "httpx": "massgen_plugins.wire.httpx_seam",
    "httpx2": "massgen_plugins.wire.httpx_seam",
    "requests": "massgen_plugins.wire.requests_seam",
    "websockets.asyncio.client": "massgen_plugins.wire.unseen",
    "websockets.sync.client": "massgen_plugins.wire.unseen",
    "grpc": "massgen_plugins.wire.unseen",
    "grpc.aio": "massgen_plugins.wire.unseen",
}
"""Names of modules, and our modules that know what to wrap in them."""


def open_seams(gate: Gate) -> None:
    """Wrap the clients that are imported, and wait for the others; ``gate`` is told of what fails."""
    _watcher.gate = gate
    if _watcher not in sys.meta_path:
        sys.meta_path.insert(0, _watcher)
    for name in SEAMS:
        if name in sys.modules:
            _watcher.open(importlib.import_module(name))  # waits if another thread is just importing it


def close_seams() -> None:
    """Undo it, as far as nobody has wrapped over us."""
    if _watcher in sys.meta_path:
        sys.meta_path.remove(_watcher)
    for name in SEAMS:
        if name in sys.modules:
            for target in _targets(importlib.import_module(name)):  # waits if another thread is importing it
                unwrap(target.owner, target.name)


def _targets(client: ModuleType) -> list[Target]:
    targets: list[Target] = importlib.import_module(SEAMS[client.__name__]).targets(client)
    return targets


class _Watcher(AfterImport):
    """Wraps each client right after its execution.

    Attributes:
        gate: Told of what fails.
    """

    gate: Gate

    def __init__(self) -> None:
        super().__init__(SEAMS.__contains__, self._open_if_on)

    def open(self, client: ModuleType) -> None:
        """Wrap a client. One that differs from what we know costs nobody else anything."""
        try:
            for target in _targets(client):
                wrap_once(*target)
        except Exception as error:
            report_fault(self.gate, f"wrapping {client.__name__}", error)

    def _open_if_on(self, client: ModuleType) -> None:
        if self in sys.meta_path:
            self.open(client)


_watcher = _Watcher()
