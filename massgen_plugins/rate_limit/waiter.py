"""A waiting call, and the future of its event loop that ends the wait."""

from __future__ import annotations

import asyncio
import threading
from bisect import bisect_right
from collections.abc import Collection, Iterable
from typing import Protocol
from weakref import WeakKeyDictionary

from massgen_plugins.quota import PoolRules
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.verdict import Refused, Wait

__all__ = ["Pauses", "Supervisor", "Waiter", "Waiters", "running_loop"]


class Waiter:
    """A call that may have to wait.

    Attributes:
        ask: What it asks for.
        patience: Nanoseconds that it may wait in all.
        forecast: Tick at which it will leave, as last reported; None if nothing was reported.
        stale: Whether the forecast is outdated: a waiter ahead gave up.
        place: How many waiters of this process were ahead when it joined.
        pauses: Nanoseconds of pauses, which do not count as waiting.
        loop: The event loop it waits in; None until it does.
    """

    __slots__ = ("_future", "_paused_at", "ask", "forecast", "loop", "patience", "pauses", "place", "stale")

    def __init__(self, ask: Ask, patience: int) -> None:
        self.ask = ask
        self.patience = patience
        self.forecast: int | None = None
        self.stale = False
        self.place = 0
        self.pauses = 0
        self._paused_at: int | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self._future: asyncio.Future[Reservation] | None = None

    @property
    def deadline(self) -> int:
        """Tick after which it is refused; ``NEVER`` during a pause."""
        return NEVER if self._paused_at is not None else self.ask.arrival + self.patience + self.pauses

    def set_paused(self, tick: int, *, paused: bool) -> bool:
        """Record whether the user has paused its pools; True, and to be reported again, if that changed."""
        if paused is (self._paused_at is not None):
            return False
        self.forecast = None
        if self._paused_at is not None:
            self.pauses += tick - self._paused_at
        self._paused_at = tick if paused else None
        return True

    @property
    def done(self) -> bool:
        """Whether the wait has ended."""
        return self._future is not None and self._future.done()

    def begin(self) -> asyncio.Future[Reservation]:
        """Start to wait in the running event loop."""
        self.loop = asyncio.get_running_loop()
        self._future = self.loop.create_future()
        return self._future

    def abandon(self) -> None:
        """Release a reservation that arrived after the caller stopped waiting."""
        future = self._future
        if future is not None and future.done() and not future.cancelled() and future.exception() is None:
            future.result().release()

    def resolve(self, value: Reservation | Exception) -> None:
        """End the wait; from any thread."""
        if self.loop is None or running_loop() is self.loop:
            self._set(value)
            return
        try:
            self.loop.call_soon_threadsafe(self._set, value)
        except RuntimeError:  # its loop has closed
            _release(value)

    def _set(self, value: Reservation | Exception) -> None:
        if self._future is None or self._future.done():  # cancelled meanwhile
            _release(value)
        elif isinstance(value, Reservation):
            self._future.set_result(value)
        else:
            self._future.set_exception(value)


class Waiters:
    """The waiters of one domain in this process. Thread-safe.

    Attributes:
        rows: All waiters in order; only its truth value may be read without the lock.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.rows: list[Waiter] = []

    def all(self) -> list[Waiter]:
        """A copy of the waiters, in order."""
        with self._lock:
            return list(self.rows)

    def join(self, waiter: Waiter) -> list[Waiter]:
        """Insert a waiter in order; returns those ahead of it."""
        with self._lock:
            at = bisect_right(self.rows, waiter.ask.sort_key, key=lambda each: each.ask.sort_key)
            self.rows.insert(at, waiter)
            waiter.place = at
            return self.rows[:at]

    def remove(self, waiter: Waiter) -> None:
        """Remove a waiter, if it still waits."""
        with self._lock:
            if waiter in self.rows:
                self.rows.remove(waiter)


class Pauses:
    """Pauses ordered by the user; they do not count as waiting, even when a call is sent again.

    Attributes:
        active: Whether any pool is paused.
        remembered: Whether any call that may be sent again was paused.
    """

    def __init__(self) -> None:
        self.active = self.remembered = False
        self._paused_for: WeakKeyDictionary[object, int] = WeakKeyDictionary()

    def update(self, waiters: Iterable[Waiter], paused: Collection[str], tick: int) -> bool:
        """Record whose pools are paused; True if that changed for any waiter."""
        changed = False
        for waiter in waiters:
            changed |= waiter.set_paused(tick, paused=any(pool in paused for pool in waiter.ask.pools))
        self.active = bool(paused)
        return changed

    def remember(self, waiter: Waiter) -> None:
        """Keep the pauses of a call that leaves, in case it is sent again."""
        if waiter.ask.call is not None:
            self._paused_for[waiter.ask.call] = waiter.pauses
            self.remembered = True

    def paused_for(self, call: object) -> int:
        """Nanoseconds for which a call was paused in earlier attempts."""
        return self._paused_for.get(call, 0)


class Supervisor(Protocol):
    """Supplies rules and reports waits; see :class:`massgen_plugins.rate_limit.limiter.DomainLimiter`."""

    def rules_of(self, pool: str) -> PoolRules | None:
        """The current rules of a pool of the domain."""

    def patience_for(self, ask: Ask) -> int:
        """Nanoseconds that a call may wait in all."""

    def refusal(self, waiter: Waiter, verdict: Wait | Refused | None, now: Moment) -> Exception | None:
        """The error that ends a wait; None to keep waiting.

        Args:
            waiter: The waiting call.
            verdict: The decision; None if the deadline has passed.
            now: The current moment.
        """

    def waits(self, waiter: Waiter, verdict: Wait, now: Moment) -> None:
        """Report a wait that has begun, or whose forecast has changed."""


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop running in this thread, if any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _release(value: Reservation | Exception) -> None:
    if isinstance(value, Reservation):
        value.release()
