"""Wraps the HTTP clients that are imported, and the others as soon as they are imported.

Never imports a client itself.
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
"""Client modules, and the modules of this package that instrument them."""


def open_seams(gate: Gate) -> None:
    """Wrap the clients that are imported, and later ones on import; failures are reported to ``gate``."""
    _watcher.gate = gate
    if _watcher not in sys.meta_path:
        sys.meta_path.insert(0, _watcher)
    for name in SEAMS:
        if name in sys.modules:
            _watcher.open(importlib.import_module(name))  # blocks while another thread imports it


def close_seams() -> None:
    """Unwrap the clients, as far as our wrappers are outermost."""
    if _watcher in sys.meta_path:
        sys.meta_path.remove(_watcher)
    for name in SEAMS:
        if name in sys.modules:
            for target in _targets(importlib.import_module(name)):  # blocks while another thread imports it
                unwrap(target.owner, target.name)


def _targets(client: ModuleType) -> list[Target]:
    targets: list[Target] = importlib.import_module(SEAMS[client.__name__]).targets(client)
    return targets


class _Watcher(AfterImport):
    """Wraps each client right after its import.

    Attributes:
        gate: Receives reports of failures.
    """

    gate: Gate

    def __init__(self) -> None:
        super().__init__(SEAMS.__contains__, self._open_if_on)

    def open(self, client: ModuleType) -> None:
        """Wrap a client; a failure, as with an unknown version, does not affect other clients."""
        try:
            for target in _targets(client):
                wrap_once(*target)
        except Exception as error:
            report_fault(self.gate, f"wrapping {client.__name__}", error)

    def _open_if_on(self, client: ModuleType) -> None:
        if self in sys.meta_path:
            self.open(client)


_watcher = _Watcher()
