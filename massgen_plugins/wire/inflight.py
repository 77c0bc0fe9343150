"""The request that is being sent in this context: when it is written, and that it is admitted already.

litellm sends one request through httpx and aiohttp; the inner client finds the outer one's call here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Inflight", "current", "sending"]


class Inflight:
    """One attempt to send a request.

    Attributes:
        written: Whether its bytes began to leave.
        over: Whether the attempt has ended; tasks that were started during it may keep its context for long.
    """

    def __init__(self, on_written: Callable[[], None]) -> None:
        self._on_written = on_written
        self.written = False
        self.over = False

    def mark_written(self) -> None:
        """The request's bytes leave now. Only the first of several reports counts."""
        if not self.written:
            self.written = True
            self._on_written()


_current: ContextVar[Inflight | None] = ContextVar("massgen_plugins_inflight", default=None)


def current() -> Inflight | None:
    """The attempt around this code, if any."""
    inflight = _current.get()
    return None if inflight is None or inflight.over else inflight


@contextmanager
def sending(inflight: Inflight) -> Iterator[None]:
    """Make the attempt known to inner clients and to their traces."""
    before = _current.get()
    _current.set(inflight)
    try:
        yield
    finally:
        inflight.over = True
        # Not ``reset(token)``: an abandoned coroutine may be closed in another context.
        _current.set(before)
