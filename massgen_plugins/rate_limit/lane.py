"""The queue of one event loop in one scope: its waiters in order, and one timer for the first of them."""

from __future__ import annotations

import asyncio
import bisect
from collections.abc import Callable
from dataclasses import dataclass, field

from massgen_plugins.quota import NANOSECONDS, Amounts
from massgen_plugins.rate_limit.hold import Hold
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.scope_state import Blocker, Decision
from massgen_plugins.rate_limit.stores.base import StoreBusy

__all__ = ["POLL", "Lane", "Waiter"]

POLL = 0.25
"""Seconds after which a waiting lane asks again at the latest: it renews its lease, and hears of releases."""

_BUSY = 0.003


@dataclass(eq=False, slots=True)
class Waiter:
    """One call that waits.

    Attributes:
        bid: What it asks for, and its ticket.
        deadline: Tick after which it is refused.
        future: Resolved with the hold, or with the error that ends the wait.
    """

    bid: Bid
    deadline: int
    future: asyncio.Future[Hold] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def patience(self) -> int:
        """Nanoseconds that it may wait in all."""
        return self.deadline - self.bid.arrival


class Lane:
    """Waiters of one loop; every method runs in that loop, except :meth:`nudge`.

    Args:
        loop: The loop that owns it.
        admit: Asks the store for the waiters' bids; may raise ``StoreBusy``.
        leave: Tells the store that nobody waits here any more.
        tick: The store's clock.
        refusal: Makes the error for a waiter that need not wait any longer, or None if it should wait on.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        admit: Callable[[list[Bid]], Decision],
        leave: Callable[[], None],
        tick: Callable[[], int],
        refusal: Callable[[Waiter, Blocker | None], Exception | None],
    ) -> None:
        self.loop = loop
        self.waiters: list[Waiter] = []
        self._admit = admit
        self._leave = leave
        self._tick = tick
        self._refusal = refusal
        self._timer: asyncio.TimerHandle | None = None

    def join(self, waiter: Waiter, blocker: Blocker | None) -> None:
        """Put a waiter at its place; ``blocker`` is what the store has just said, if it was asked."""
        bisect.insort(self.waiters, waiter, key=lambda each: each.bid.place)
        if self.waiters[0] is waiter:
            self._arm(blocker)

    def drop(self, waiter: Waiter) -> None:
        """Take out a waiter that gave up; the next one moves up."""
        if waiter not in self.waiters:
            return
        first = self.waiters[0] is waiter
        self.waiters.remove(waiter)
        if first:
            self.pump()

    def ahead_of(self, waiter: Waiter) -> list[Amounts]:
        """What those before a waiter ask for."""
        return [each.bid.amounts for each in self.waiters[: self.waiters.index(waiter)]]

    def nudge(self) -> None:
        """There may be room: ask again soon. From any thread."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.pump)

    def pump(self) -> None:
        """Let go whoever can leave, end the waits that are over, and set the timer for the rest."""
        self.waiters = [waiter for waiter in self.waiters if not waiter.future.done()]
        self._end_late_waits()
        while self.waiters:
            try:
                decision = self._admit([waiter.bid for waiter in self.waiters])
            except StoreBusy:
                self._set_timer(_BUSY)
                return
            except Exception as error:  # handed to those who wait; nobody may hang
                self._fail_all(error)
                return
            granted = len(decision.holds)
            for waiter, hold in zip(self.waiters, decision.holds, strict=False):
                waiter.future.set_result(hold)
            del self.waiters[:granted]
            if decision.blocker is None or not self._refuse_first(decision.blocker):
                self._arm(decision.blocker)
                return
        self._stop()
        self._leave()

    def _refuse_first(self, blocker: Blocker) -> bool:
        error = self._refusal(self.waiters[0], blocker)
        if error is None:
            return False
        self.waiters.pop(0).future.set_exception(error)
        return True

    def _end_late_waits(self) -> None:
        now = self._tick()
        for waiter in self.waiters:
            if now >= waiter.deadline:
                error = self._refusal(waiter, None)
                if error is not None:
                    waiter.future.set_exception(error)
        self.waiters = [waiter for waiter in self.waiters if not waiter.future.done()]

    def _fail_all(self, error: Exception) -> None:
        for waiter in self.waiters:
            waiter.future.set_exception(error)
        self.waiters = []
        self._stop()

    def _arm(self, blocker: Blocker | None) -> None:
        if not self.waiters:
            self._stop()
            return
        if blocker is None:
            self._set_timer(_BUSY)
            return
        self._set_timer(min(POLL, max(0.0, (blocker.wake - self._tick()) / NANOSECONDS)))

    def _set_timer(self, seconds: float) -> None:
        self._stop()
        self._timer = self.loop.call_later(seconds, self.pump)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
