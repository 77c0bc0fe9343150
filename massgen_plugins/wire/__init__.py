"""Integrates with HTTP clients: routes every model call through the middleware, exactly once.

Covers every HTTP request of aiohttp, httpx, httpx2 and requests, including redirects and the SDKs' hidden
retries. WebSockets and gRPC are not read: opening one is reported to the gate.
"""

from __future__ import annotations

import threading

from massgen_plugins.wire.gate import Gate, set_gate

__all__ = ["Gate", "install", "uninstall"]

_lock = threading.Lock()


def install(gate: Gate) -> None:
    """Let ``gate`` decide about every HTTP request of this process from now on.

    Covers clients that are imported later. Installing again replaces the gate. Nothing is bound to a
    thread or an event loop.
    """
    from massgen_plugins.wire import seams

    with _lock:
        set_gate(gate)
        seams.open_seams(gate)


def uninstall() -> None:
    """Let every request pass again. Wrappers that others have put around ours stay intact."""
    from massgen_plugins.wire import seams

    with _lock:
        set_gate(None)
        seams.close_seams()
