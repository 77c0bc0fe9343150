"""A waiting call, and the future of its event loop that ends the wait."""

from __future__ import annotations

import asyncio

from massgen_plugins.rate_limit.moment import NEVER
from massgen_plugins.rate_limit.reservation import Ask, Reservation

__all__ = ["Waiter", "running_loop"]


class Waiter:
    """A call in the queue. Created in the event loop that waits for it.

    Attributes:
        ask: What it asks for.
        patience: Nanoseconds that it may wait in all; ``NEVER`` until its first verdict.
        forecast: Tick at which it will leave, as last reported; None if nothing was reported.
        stale: Whether the forecast is outdated: a waiter ahead gave up.
        loop: Its event loop.
        future: Gets its reservation, or the error that ends the wait.
    """

    patience = NEVER
    forecast: int | None = None
    stale = False
    _paused_at: int | None = None

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Reservation] = self.loop.create_future()

    @property
    def deadline(self) -> int:
        """Tick after which it is refused; ``NEVER`` during a pause."""
        if self._paused_at is not None:
            return NEVER
        return self.ask.arrival + self.patience + self.ask.paused

    @property
    def unreported(self) -> bool:
        """Whether its forecast has yet to be reported."""
        return self.forecast is None or self.stale

    def set_paused(self, tick: int, *, paused: bool) -> bool:
        """Record whether the user has paused its pools; True, and to be reported again, if that changed."""
        if paused is (self._paused_at is not None):
            return False
        self.forecast = None
        if self._paused_at is not None:
            self.ask.paused += tick - self._paused_at
        self._paused_at = tick if paused else None
        return True

    def abandon(self) -> None:
        """Release a reservation that arrived after the caller stopped waiting."""
        future = self.future
        if future.done() and not future.cancelled() and future.exception() is None:
            future.result().release()

    def resolve(self, value: Reservation | Exception) -> None:
        """End the wait; from any thread."""
        if running_loop() is not self.loop:
            try:
                self.loop.call_soon_threadsafe(self.resolve, value)
            except RuntimeError:  # its loop has closed
                _release(value)
        elif self.future.done():  # cancelled meanwhile
            _release(value)
        elif isinstance(value, Reservation):
            self.future.set_result(value)
        else:
            self.future.set_exception(value)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop running in this thread, if any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _release(value: Reservation | Exception) -> None:
    if isinstance(value, Reservation):
        value.release()
