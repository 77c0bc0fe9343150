"""One call that waits, and the future of its event loop with which the wait ends."""

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
    """One call that wants to leave, and may have to wait.

    Attributes:
        ask: What it asks for, and its ticket.
        patience: Nanoseconds that it may wait in all.
        told: Tick at which it will leave, as far as anybody was told; None before.
        stale: Whether somebody before it has given up since.
        place: How many waiters of this process were before it when it came.
        held: Nanoseconds of pauses, which do not count as waiting.
        loop: In which it waits; None until it does.
    """

    __slots__ = ("_future", "_paused_at", "ask", "held", "loop", "patience", "place", "stale", "told")

    def __init__(self, ask: Ask, patience: int) -> None:
        self.ask = ask
        self.patience = patience
        self.told: int | None = None
        self.stale = False
        self.place = 0
        self.held = 0
        self._paused_at: int | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self._future: asyncio.Future[Reservation] | None = None

    @property
    def deadline(self) -> int:
        """Tick after which it is refused; never while a pause lasts."""
        return NEVER if self._paused_at is not None else self.ask.arrival + self.patience + self.held

    def hold(self, tick: int, *, paused: bool) -> bool:
        """Take note of whether the user has paused its pools; True if that has changed, and is told again."""
        if paused is (self._paused_at is not None):
            return False
        self.told = None
        if self._paused_at is not None:
            self.held += tick - self._paused_at
        self._paused_at = tick if paused else None
        return True

    @property
    def over(self) -> bool:
        """Whether the wait has ended."""
        return self._future is not None and self._future.done()

    def begin(self) -> asyncio.Future[Reservation]:
        """Wait in the running event loop."""
        self.loop = asyncio.get_running_loop()
        self._future = self.loop.create_future()
        return self._future

    def take_back(self) -> None:
        """Nobody awaits it any more: what it was given meanwhile is given back."""
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
            _give_back(value)

    def _set(self, value: Reservation | Exception) -> None:
        if self._future is None or self._future.done():  # cancelled meanwhile
            _give_back(value)
        elif isinstance(value, Reservation):
            self._future.set_result(value)
        else:
            self._future.set_exception(value)


class Waiters:
    """Those who wait for one domain in this process; used by all threads.

    Attributes:
        rows: All of them, in their order; to be looked at only while nobody can come or go.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.rows: list[Waiter] = []

    def all(self) -> list[Waiter]:
        """All of them, as they are now."""
        with self._lock:
            return list(self.rows)

    def join(self, waiter: Waiter) -> list[Waiter]:
        """Put a waiter at its place; returns those before it."""
        with self._lock:
            at = bisect_right(self.rows, waiter.ask.place, key=lambda each: each.ask.place)
            self.rows.insert(at, waiter)
            waiter.place = at
            return self.rows[:at]

    def remove(self, waiter: Waiter) -> None:
        """It waits no more."""
        with self._lock:
            if waiter in self.rows:
                self.rows.remove(waiter)


class Pauses:
    """The pauses of one domain that the user orders: they do not count as waiting.

    That holds for a call that is sent again, too.

    Attributes:
        lasting: Whether a waiter is held.
        remembered: Whether a call was held that may be asked for again.
    """

    def __init__(self) -> None:
        self.lasting = self.remembered = False
        self._held: WeakKeyDictionary[object, int] = WeakKeyDictionary()

    def hold(self, waiters: Iterable[Waiter], paused: Collection[str], tick: int) -> bool:
        """Take note of whose pools are paused; True if that has changed for one of them."""
        changed = False
        for waiter in waiters:
            changed |= waiter.hold(tick, paused=any(pool in paused for pool in waiter.ask.pools))
        self.lasting = bool(paused)
        return changed

    def remember(self, waiter: Waiter) -> None:
        """Its call leaves, and may be asked for again."""
        if waiter.ask.call is not None:
            self._held[waiter.ask.call] = waiter.held
            self.remembered = True

    def held(self, call: object) -> int:
        """Nanoseconds for which a call was held before."""
        return self._held.get(call, 0)


class Supervisor(Protocol):
    """Who says what holds, and speaks to people; see :class:`massgen_plugins.rate_limit.limiter.Limiter`."""

    def rules_of(self, pool: str) -> PoolRules | None:
        """What holds in a pool of the domain now."""

    def patience_for(self, ask: Ask) -> int:
        """Nanoseconds that a call may wait in all."""

    def refusal(self, waiter: Waiter, verdict: Wait | Refused | None, now: Moment) -> Exception | None:
        """Why a call need not wait any longer; None if it should wait on.

        Args:
            waiter: The call.
            verdict: What was decided; None: its deadline has come.
            now: When.
        """

    def waits(self, waiter: Waiter, verdict: Wait, now: Moment) -> None:
        """A wait has begun, or will take another time than was told before."""


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop that runs in this thread, if one does."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _give_back(value: Reservation | Exception) -> None:
    if isinstance(value, Reservation):
        value.release()
