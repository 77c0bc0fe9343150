"""The queue of one event loop in one scope: its waiters in order, and one task that asks for them."""

from __future__ import annotations

import asyncio
import bisect
import contextvars
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from massgen_plugins.quota import NANOSECONDS, Amounts, Kind
from massgen_plugins.rate_limit.decision import Blocker, Decision
from massgen_plugins.rate_limit.hold import Hold
from massgen_plugins.rate_limit.line import RENEWAL, Bid

__all__ = ["POLL", "Lane", "Office", "Waiter"]

POLL = 1.0
"""Seconds after which a waiting lane looks around at the latest: rules may have changed, and timers stand
still while a machine is suspended."""


@dataclass(eq=False, slots=True)
class Waiter:
    """One call that waits.

    Attributes:
        bid: What it asks for, and its ticket.
        deadline: Tick after which it is refused.
        who: For whoever is told of the wait.
        future: Resolved with the hold, or with the error that ends the wait.
        told: Whether it is known how long it will take.
        place: How many waiters of its lane were before it when it came.
    """

    bid: Bid
    deadline: int
    who: object
    future: asyncio.Future[Hold]
    told: bool = False
    place: int = 0

    @property
    def patience(self) -> int:
        """Nanoseconds that it may wait in all."""
        return self.deadline - self.bid.arrival


class Office(Protocol):
    """Whom a lane asks; see :class:`~massgen_plugins.rate_limit.desk.Desk`."""

    expected: int
    """Tick at which it is time to ask, whatever the last answer was."""

    @property
    def nap(self) -> float:
        """Seconds for which to sleep at most."""

    def tick(self) -> int:
        """The clock of deadlines and wakes."""

    def look(self) -> None:
        """See whether other rules hold by now; rings if so."""

    async def admit(self, lane: str, bids: Sequence[Bid]) -> Decision:
        """Ask for the waiters' bids."""

    async def tell(self, lane: Lane, waiter: Waiter, ahead: Amounts, blocker: Blocker) -> None:
        """Say how long a waiter will wait after ``ahead``; raises ``CallRefused`` if that is too long."""

    def refusal(self, waiter: Waiter, blocker: Blocker | None) -> Exception | None:
        """Why a waiter need not wait any longer; None if it should wait on."""

    def give_back(self, hold: Hold) -> None:
        """Nobody took it."""

    def left(self, lane: Lane) -> None:
        """Nobody waits in this lane any more."""


class Lane:
    """Waiters of one loop; every method runs in that loop, except :meth:`nudge`.

    Args:
        name: Tells it from all others that share the store.
        loop: The loop that owns it.
        office: Whom it asks.
    """

    def __init__(self, name: str, loop: asyncio.AbstractEventLoop, office: Office) -> None:
        self.name = name
        self.loop = loop
        self.waiters: list[Waiter] = []
        self._office = office
        self._demand: dict[Kind, int] = {}
        self.blocker: Blocker | None = None
        """What its first waiter waits for; None until it was asked for."""
        self._bell: asyncio.Future[None] | None = None
        self._rung = False
        self._task: asyncio.Task[None] | None = None

    def join(self, waiter: Waiter) -> None:
        """Put a waiter at its place."""
        place = waiter.bid.place
        waiter.place = len(self.waiters)
        if self.waiters and self.waiters[-1].bid.place > place:  # hardly ever
            waiter.place = bisect.bisect(self.waiters, place, key=lambda each: each.bid.place)
        _add(self._demand, waiter.bid.amounts)
        self.waiters.insert(waiter.place, waiter)
        if self._task is None:
            self._start()
        elif self.waiters[0] is waiter:
            self.ring()

    def ahead_of(self, waiter: Waiter) -> Amounts:
        """What all those who come before a waiter ask for together."""
        if self.waiters[-1] is not waiter:
            return _total(self.waiters[: self.waiters.index(waiter)])
        own = waiter.bid.amounts
        return {kind: amount - own.get(kind, 0) for kind, amount in self._demand.items()}

    def drop(self, waiter: Waiter) -> None:
        """Take out a waiter that gave up; the next one moves up."""
        if waiter in self.waiters:
            first = self.waiters[0] is waiter
            self._remove(waiter)
            if first:
                self.ring()

    def nudge(self) -> None:
        """There may be room: ask again soon. From any thread."""
        if self._rung or self.loop.is_closed():
            return  # it will ask anyway, or never again
        if _running_loop() is self.loop:
            self.ring()
        else:
            self.loop.call_soon_threadsafe(self.ring)

    def ring(self) -> None:
        """There may be room, or another first one: ask again."""
        self._rung = True
        if self._bell is not None:
            _finish(self._bell)

    def _start(self) -> None:
        # In a context of its own: what one waiter's task carries with it is not everybody's.
        self._task = self.loop.create_task(self._serve(), context=contextvars.Context())
        self._task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled():
            task.exception()  # it has none; but nobody may be told that it was never asked for
        if self.waiters and not self.loop.is_closed():
            self._start()  # somebody cancelled every task of the loop, or came at the last moment
        else:
            self._office.left(self)

    async def _serve(self) -> None:
        try:
            while self.waiters:
                self._rung = False
                for waiter in [each for each in self.waiters if each.future.done()]:
                    self._remove(waiter)
                self._end_late_waits()
                if self.waiters:
                    await self._ask()
                if self.waiters and not self._rung:
                    await self._rest()
        except Exception as error:  # handed to those who wait; nobody may hang
            for waiter in list(self.waiters):
                self._end(waiter, error)

    async def _ask(self) -> None:
        asked = list(self.waiters)
        decision = await self._office.admit(self.name, [waiter.bid for waiter in asked])
        for waiter, hold in zip(asked, decision.holds, strict=False):
            self._remove(waiter)
            if waiter.future.done():  # cancelled meanwhile
                self._office.give_back(hold)
            else:
                waiter.future.set_result(hold)
        self.blocker = decision.blocker
        if decision.blocker is not None and self.waiters:
            await self._explain(decision.blocker)

    async def _explain(self, blocker: Blocker) -> None:
        """Tell those who do not know yet what they wait for; the first one may not have to wait at all."""
        refusal = self._office.refusal(self.waiters[0], blocker)
        if refusal is not None:
            self._end(self.waiters[0], refusal)
            self._rung = True
            return
        if not all(waiter.told for waiter in self.waiters):
            await self._tell_all(blocker)

    async def _tell_all(self, blocker: Blocker) -> None:
        ahead: dict[Kind, int] = {}
        for waiter in list(self.waiters):
            if not waiter.told:
                try:
                    await self._office.tell(self, waiter, ahead, blocker)
                except Exception as error:  # too long a wait, as a rule
                    self._end(waiter, error)
                    continue
            _add(ahead, waiter.bid.amounts)

    async def _rest(self) -> None:
        """Until somebody rings, the first one may leave, or the lease has to be renewed.

        What is answered meanwhile makes room one window later, and no nap is longer than a window.
        """
        now = self._office.tick()
        wake = self.blocker.wake if self.blocker else now
        latest = min(wake, self.waiters[0].deadline, now + RENEWAL)
        while now < (until := min(latest, self._office.expected)) and not self._rung:
            await self._sleep(min(self._office.nap, (until - now) / NANOSECONDS))
            self._office.look()
            now = self._office.tick()

    async def _sleep(self, seconds: float) -> None:
        self._bell = self.loop.create_future()
        timer = self.loop.call_later(seconds, _finish, self._bell)
        try:
            await self._bell
        finally:
            timer.cancel()
            self._bell = None

    def _end_late_waits(self) -> None:
        now = self._office.tick()
        for waiter in [each for each in self.waiters if now >= each.deadline]:
            error = self._office.refusal(waiter, None)
            if error is not None:
                self._end(waiter, error)

    def _end(self, waiter: Waiter, error: Exception) -> None:
        if not waiter.future.done():
            waiter.future.set_exception(error)
        self._remove(waiter)

    def _remove(self, waiter: Waiter) -> None:
        if waiter in self.waiters:
            self.waiters.remove(waiter)
            for kind, amount in waiter.bid.amounts.items():
                self._demand[kind] -= amount


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _finish(bell: asyncio.Future[None]) -> None:
    if not bell.done():
        bell.set_result(None)


def _add(total: dict[Kind, int], amounts: Amounts) -> None:
    for kind, amount in amounts.items():
        total[kind] = total.get(kind, 0) + amount


def _total(waiters: Sequence[Waiter]) -> Amounts:
    total: dict[Kind, int] = {}
    for waiter in waiters:
        _add(total, waiter.bid.amounts)
    return total
