"""The one room that knows HTTP clients: it lets every model call through the middleware, once each.

Every HTTP request of aiohttp, httpx and httpx2 passes here, hidden retries of the SDKs included.
"""

from __future__ import annotations

import threading

from massgen_plugins.wire.gate import Gate, report_fault

__all__ = ["Gate", "install", "uninstall"]

_lock = threading.Lock()


def install(gate: Gate) -> None:
    """Let ``gate`` decide about every request of the HTTP clients of this process, from now on.

    Clients that are imported later are covered too. Installing again replaces the gate. Nothing is
    bound to a thread or an event loop.
    """
    from massgen_plugins.wire import seams, switch

    with _lock:
        switch.turn(gate)
        seams.open_seams(lambda place, error: report_fault(gate, place, error))


def uninstall() -> None:
    """Let every request pass again. Wrappers that others have put over ours stay intact."""
    from massgen_plugins.wire import seams, switch

    with _lock:
        switch.turn(None)
        seams.close_seams()
