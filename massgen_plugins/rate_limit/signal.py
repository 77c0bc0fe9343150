"""Wakes everyone who waits, in whichever event loop of whichever thread they do."""

from __future__ import annotations

import asyncio
import contextlib
import threading

__all__ = ["Signal"]


class Signal:
    """A notification without memory: only those who wait when it fires are woken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[asyncio.Future[None]] = set()

    async def wait(self, seconds: float) -> None:
        """Return when the signal fires, or after ``seconds``."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiting.add(future)
        try:
            await asyncio.wait((future,), timeout=seconds)
        finally:
            with self._lock:
                self._waiting.discard(future)
            future.cancel()

    def fire(self) -> None:
        """Wake all who wait now; may be called from any thread."""
        with self._lock:
            woken, self._waiting = self._waiting, set()
        for future in woken:
            with contextlib.suppress(RuntimeError):  # its loop has closed meanwhile: nobody waits there
                future.get_loop().call_soon_threadsafe(_finish, future)


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
