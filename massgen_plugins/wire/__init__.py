"""The one room that knows HTTP clients: it lets every model call through the middleware, once each.

Every HTTP request of aiohttp, httpx, httpx2 and requests passes here, redirects and the SDKs' hidden
retries included. Web sockets and gRPC are not read: the gate is told that one is opened.
"""

from __future__ import annotations

import threading

from massgen_plugins.wire.gate import Gate, set_gate

__all__ = ["Gate", "install", "uninstall"]

_lock = threading.Lock()


def install(gate: Gate) -> None:
    """Let ``gate`` decide about every request of the HTTP clients of this process, from now on.

    Clients that are imported later are covered too. Installing again replaces the gate. Nothing is
    bound to a thread or an event loop.
    """
    from massgen_plugins.wire import seams

    with _lock:
        set_gate(gate)
        seams.open_seams(gate)


def uninstall() -> None:
    """Let every request pass again. Wrappers that others have put over ours stay intact."""
    from massgen_plugins.wire import seams

    with _lock:
        set_gate(None)
        seams.close_seams()
