"""The calls of this process that wait for one domain, in their order. The one file that waits.

Nothing is bound to an event loop: each waiter has a future of its own loop, each loop with waiters has one
timer, and whoever comes by (a timer, a new waiter, an answer, a wake-up) asks for all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TypeVar

from massgen_plugins.quota import NANOSECONDS
from massgen_plugins.rate_limit.admission import Admission, Rows
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.replica import DomainReplica
from massgen_plugins.rate_limit.reservation import UNKNOWN, Ask, Reservation
from massgen_plugins.rate_limit.startup import Startups
from massgen_plugins.rate_limit.stores.base import Store, StoreBusy
from massgen_plugins.rate_limit.stores.worker import Worker
from massgen_plugins.rate_limit.tickets import RENEWAL
from massgen_plugins.rate_limit.timers import LeaseTimer, LoopTimers
from massgen_plugins.rate_limit.transactions import Change, Transactions
from massgen_plugins.rate_limit.verdict import Reason, Verdict, Wait
from massgen_plugins.rate_limit.waiter import Pauses, Supervisor, Waiter, Waiters

__all__ = ["POLL", "DomainQueue"]

T = TypeVar("T")

POLL = NANOSECONDS
"""Nanoseconds between looks at waiters, at most: rules may change, and a suspended machine has no timers."""

_NOTABLE = 2 * NANOSECONDS
"""A change of a forecast that people are told of, in nanoseconds."""

_TOLD_AGAIN = 20
"""Waiters that are told another estimate when one gives up: of those far behind it is only a guess."""


class DomainQueue:
    """Serves one domain; used by all threads and event loops.

    Args:
        replica: This process's copy of the domain.
        store: Where it is kept.
        worker: Does what may take longer.
        supervisor: Says what holds.
    """

    def __init__(self, replica: DomainReplica, store: Store, worker: Worker, supervisor: Supervisor) -> None:
        self.replica = replica
        self.startups = Startups(replica.state.known_rules, replica.state.is_paced)
        self._store = store
        self._worker = worker
        self._supervisor = supervisor
        self._transactions = Transactions(replica, store, worker)
        self.forked()

    def forked(self) -> None:
        """Begin anew: a forked child has none of its parent's waiters, updates and locks."""
        self._transactions.forked()
        self._admission = Admission(self._supervisor, self.startups, self._store)
        self._waiters = Waiters()
        self._again = self._submitted = False  # somebody came by while the lock was held; the worker will
        self._asking = False  # the worker is about to set the timers
        self._leases = LeaseTimer()
        self._pauses = Pauses()
        self._timers = LoopTimers(self._due_in, self._on_timer)

    # What calls ask for.

    async def acquire(self, ask: Ask) -> Reservation:
        """Wait until the call may leave; raises what the supervisor's ``refusal`` says."""
        if ask.arrival == UNKNOWN:
            if not self._store.ready:
                await asyncio.wrap_future(self._worker.submit(self._store.open))
            ask.arrival = self._store.tick()
        if self._waiters.rows:
            return await self._wait(ask, None)
        try:
            found = self._transactions.at_once(partial(self._admission.decide_first, ask))
        except StoreBusy:
            return await self._wait(ask, None)
        self._admission.confirm()
        if isinstance(found, Reservation):
            return self._granted(found)
        return await self._wait(ask, found)

    async def _wait(self, ask: Ask, asked: tuple[Rows, Moment] | None) -> Reservation:
        """Join those who wait; ``asked`` is what was decided, if it was asked for already."""
        waiter = asked[0][0][0] if asked else Waiter(ask, self._supervisor.patience_for(ask))
        if self._pauses.remembered:
            waiter.held = self._pauses.held(ask.call)
        future = waiter.begin()
        before = self._waiters.join(waiter)
        if asked:
            rows, now = asked
            self._tell(*rows[0], now)
            self._set_timers()
        elif any(each.ask.pools == ask.pools for each in before):
            self._tell_behind(waiter, before)
        else:
            self.serve()
        try:
            return await future
        except BaseException:
            self._give_up(waiter)
            raise

    async def book(self, decide: Change[Reservation | None]) -> Reservation | None:
        """What ``decide`` grants; nobody waits, nor has a place in the queue."""
        call = await self._transactions.awaited(
            decide, taken_back=lambda late: self._granted(late).release() if late is not None else None
        )
        return None if call is None else self._granted(call)

    def note(self, call: Reservation) -> None:
        """Something has become true of a call: the store knows it with the next transaction, or soon."""
        self._transactions.update(call)
        over = call.leased and call.over != NEVER and self._leases.drop(call)
        if not self._waiters.rows:
            self._transactions.remind()
            return
        room = call.answered_at + self.replica.state.shortest_window(call.pools)
        self._admission.due = min(self._admission.due, room)
        if over or call.amounts is not call.booked.amounts or room <= call.answered_at < NEVER:
            self.serve()

    def later(self, change: Change[None]) -> None:
        """Change the state with the next transaction, or soon."""
        self._transactions.note(change)
        self._transactions.remind()
        if self._waiters.rows:
            self.serve()

    async def do(self, change: Change[T]) -> T:
        """Change the state for everybody, and ask again for those who wait."""
        result = await self._transactions.awaited(change)
        self.serve()
        return result

    def lease(self, calls: Iterable[Reservation]) -> None:
        """A limit was learned: of these calls, those under way hold places now."""
        self._leases.add_all(call for call in calls if self.replica.state.leased(call))

    def look(self, view: Change[T]) -> T:
        """Read the state as this process knows it, with all that has become true of its calls."""
        return self._transactions.patiently(view)

    def flush(self) -> None:
        """Bring the store up to date; in a thread that may stand still."""
        self._transactions.flush()

    # How those who wait are served.

    def serve(self) -> None:
        """Ask for everybody who waits; from any thread, at once or soon."""
        self._again = True
        while self._again and (self._waiters.rows or self._admission.queued):
            free = self._store.quick and self._transactions.lock.acquire(blocking=False)
            if not (free and self._serve_locked(patient=False)):
                self._serve_in_worker()  # else whoever has the lock may only flush, and serve nobody

    def _serve_locked(self, *, patient: bool) -> bool:
        """For whoever has just taken the lock; False if the store has to be waited for."""
        try:
            self._again = False
            self._serve(patient=patient)
        except StoreBusy:
            return False
        except Exception as error:
            self._fail(error)
        finally:
            self._transactions.lock.release()
        self._transactions.wake_others()
        return True

    def _serve_in_worker(self) -> None:
        self._again = False
        self._asking = True
        if not self._submitted:
            self._submitted = True
            self._worker.submit(self._serve_patiently)

    def _serve_patiently(self) -> None:
        self._submitted = False
        self._transactions.lock.acquire()
        self._serve_locked(patient=True)
        if self._again:
            self.serve()

    def _fail(self, error: Exception) -> None:
        """A fault of ours: whoever waits is told, and goes on by another limiter; nobody hangs."""
        for waiter in self._waiters.all():
            self._end(waiter, error)

    def _serve(self, *, patient: bool) -> None:
        waiters = [waiter for waiter in self._waiters.all() if not waiter.over]
        rows, now = self._transactions.transact(partial(self._admission.decide, waiters), patient=patient)
        self._admission.confirm()
        if self.replica.state.paused or self._pauses.lasting:
            self._again |= self._pauses.hold(waiters, self.replica.state.paused, now.tick)
        for waiter, verdict in rows:
            self._tell(waiter, verdict, now)
        for waiter in waiters:
            if now.tick >= waiter.deadline and not waiter.over:
                self._end(waiter, self._supervisor.refusal(waiter, None, now))
        self._asking = self._submitted
        self._set_timers()

    def _tell(self, waiter: Waiter, verdict: Verdict, now: Moment) -> None:
        if isinstance(verdict, Reservation):
            self._waiters.remove(waiter)
            if waiter.held:
                self._pauses.remember(waiter)
            waiter.resolve(self._granted(verdict, waiter.loop))
            return
        error = self._supervisor.refusal(waiter, verdict, now)
        if error is not None or not isinstance(verdict, Wait):
            self._end(waiter, error)
            return
        self._admission.queued = True
        ahead = verdict.blocker.ahead
        if ahead and not self._store.lives(ahead):
            self._transactions.note(lambda state, _: state.bury(ahead))
            self._again = True
        waiter.stale = False
        if paused := verdict.blocker.reason is Reason.PAUSED:
            waiter.hold(now.tick, paused=True)
        if waiter.told is None or (not paused and abs(verdict.forecast - waiter.told) > _NOTABLE):
            self._supervisor.waits(waiter, verdict, now)
            waiter.told = verdict.forecast

    def _tell_behind(self, waiter: Waiter, before: Sequence[Waiter]) -> None:
        """Say how long a call will wait behind others of this process, without asking the store."""
        if not self._transactions.lock.acquire(blocking=False):
            return  # it is told when they are asked for
        try:
            if all(each.told is not None for each in before):
                now = self.replica.moment()
                verdict = self._admission.forecast(waiter, before, self.replica.state, now)
                if not isinstance(verdict, Reservation):
                    self._tell(waiter, verdict, now)
        finally:
            self._transactions.lock.release()

    def _granted(self, call: Reservation, loop: asyncio.AbstractEventLoop | None = None) -> Reservation:
        """Let a call leave; ``loop`` makes it, if that is not the one that runs here."""
        call.attach(self._store.tick, self.replica.moment, self.note)
        if call.leased:
            self._leases.add(call, loop)
        if call.hasty:
            self._transactions.admitted(call)
        return call

    def _end(self, waiter: Waiter, error: Exception | None) -> None:
        if error is not None:
            self._waiters.remove(waiter)
            waiter.resolve(error)

    def _give_up(self, waiter: Waiter) -> None:
        """Its caller was cancelled, or is told of the error."""
        self._waiters.remove(waiter)
        for behind in self._waiters.all()[:_TOLD_AGAIN]:
            behind.stale = True
        waiter.take_back()
        self.serve()

    def _set_timers(self) -> None:
        waiters = self._waiters.all()
        self._admission.queued = bool(waiters)
        self._timers.set({waiter.loop for waiter in waiters if waiter.loop is not None})

    def _due_in(self, loop: asyncio.AbstractEventLoop) -> int | None:
        deadlines = [waiter.deadline for waiter in self._waiters.all() if waiter.loop is loop]
        if not deadlines:
            return None
        now = self._store.tick()
        due = now + min(POLL, self.replica.state.shortest_window() or POLL)
        if not self._asking:  # else what is due now would be due again at once
            due = min(self._admission.due, due, *deadlines)
        return due - now

    def _on_timer(self) -> None:
        try:
            if self._is_due():
                self.serve()
        except Exception as error:
            self._fail(error)

    def _is_due(self) -> bool:
        """Whether it is time to ask again, to show oneself in the shared queue, or other rules hold."""
        now, waiters = self._store.tick(), self._waiters.all()
        due = min([self._admission.due, *(waiter.deadline for waiter in waiters)])
        unseen = self._store.shared and now >= self._admission.seen + RENEWAL
        return now >= due or unseen or self._admission.rules_changed(waiters, self.replica.state)
