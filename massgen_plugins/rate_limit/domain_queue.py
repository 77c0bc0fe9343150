"""The waiting calls of one process and domain, in order. The one file that waits.

Nothing is bound to an event loop: each waiter has a future of its own loop, each loop with waiters has one
timer, and any event (a timer, a new waiter, an answer, a wake-up) serves all waiters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from massgen_plugins.quota import NANOSECONDS, PoolRules
from massgen_plugins.rate_limit.admission import Admission, Rows
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.replica import DomainReplica
from massgen_plugins.rate_limit.reservation import UNKNOWN, Ask, Reservation
from massgen_plugins.rate_limit.startup import Startups
from massgen_plugins.rate_limit.stores.base import Store, StoreBusy
from massgen_plugins.rate_limit.stores.worker import Worker
from massgen_plugins.rate_limit.timers import LeaseTimer, LoopTimers
from massgen_plugins.rate_limit.transactions import Change, Transactions
from massgen_plugins.rate_limit.verdict import Reason, Refused, Verdict, Wait
from massgen_plugins.rate_limit.waiter import Waiter, WaitPolicy

__all__ = ["POLL", "DomainQueue"]

T = TypeVar("T")

POLL = NANOSECONDS
"""Longest interval, in nanoseconds, between checks: rules may change, and a suspend delays timers."""

_NOTABLE = 2 * NANOSECONDS
"""Smallest change of a forecast, in nanoseconds, that is reported again."""

_MOST_REFRESHED = 20
"""Forecasts to refresh when a waiter gives up; further back they are guesses anyway."""


class DomainQueue:
    """Serves one domain. Safe for all threads and event loops.

    Args:
        replica: This process's copy of the domain.
        store: Where the domain is kept.
        worker: Runs what may block.
        policy: Supplies rules and reports waits.
    """

    def __init__(self, replica: DomainReplica, store: Store, worker: Worker, policy: WaitPolicy) -> None:
        self.replica = replica
        self.startups = Startups(self._known_rules, self._is_paced)
        self._store = store
        self._worker = worker
        self._policy = policy
        self._transactions = Transactions(replica, store, worker)
        self.forked()

    def forked(self) -> None:
        """Reset in a forked child, which inherits no waiters, updates or locks."""
        self._transactions.forked()
        self._admission = Admission(self._policy, self.startups, self._store)
        self._waiters: dict[Waiter, None] = {}  # by age; threads add and remove without a lock
        self._submitted = self._handed_over = False  # whether a worker job is pending; and will set timers
        self._any_paused = self._again = False  # whether any pool is paused; whether to decide once more
        self._leases = LeaseTimer()
        self._timers = LoopTimers(self._due_in, self._on_timer)

    # The interface of calls.

    async def acquire(self, ask: Ask) -> Reservation:
        """Wait until the call may leave; raises the policy's refusal."""
        if ask.arrival == UNKNOWN:
            if not self._store.ready:
                await asyncio.wrap_future(self._worker.submit(self._store.open))
            ask.arrival = self._store.tick()
        waiter = Waiter(ask)
        self._waiters[waiter] = None
        if len(self._waiters) == 1:
            self.serve()
        else:
            waiter.loop.call_soon(self._serve_new, waiter)  # once for all that join now
        try:
            return await waiter.future
        except BaseException:
            self._give_up(waiter)
            raise

    async def book(self, decide: Change[Reservation | None]) -> Reservation | None:
        """Book what ``decide`` grants, bypassing the queue."""
        call = await self._transactions.run_async(
            decide, on_abandoned=lambda call: self._admit(call).release() if call is not None else None
        )
        return None if call is None else self._admit(call)

    def call_changed(self, call: Reservation) -> None:
        """Take an update of a call: it is written with the next transaction, or soon if others need it."""
        self._transactions.add(call)
        freed = call.leased and call.ended != NEVER and self._leases.drop(call)
        if call.urgent:
            self._transactions.flush_soon()
        if not self._waiters:
            return
        room = call.answered_at + self.replica.state.shortest_window(call.pools)
        self._admission.due = min(self._admission.due, room)
        if freed or call.amounts is not call.booked.amounts or room <= call.answered_at < NEVER:
            self.serve()

    def later(self, change: Change[None]) -> None:
        """Change the state with the next transaction, or soon."""
        self._transactions.defer(change)
        self._transactions.flush_soon()
        self.serve()

    async def do(self, change: Change[T]) -> T:
        """Change the state, and serve those who wait."""
        result = await self._transactions.run_async(change)
        self.serve()
        return result

    def lease(self, calls: Iterable[Reservation]) -> None:
        """Lease the calls under way that a newly learned limit counts."""
        self._leases.add_all(call for call in calls if self.replica.state.leased(call))

    def read(self, view: Change[T]) -> T:
        """Read the state, pending updates included. May block."""
        return self._transactions.run(view, patient=True)

    def flush(self) -> None:
        """Write pending updates to the store. May block."""
        self._transactions.flush()

    # Serving waiters.

    def serve(self) -> None:
        """Decide for all waiters, now or soon; from any thread."""
        try:
            while (self._waiters or self.replica.state.queued) and self._serve(patient=False):
                pass
        except StoreBusy:
            self._handed_over = True
            if not self._submitted:
                self._submitted = True
                self._worker.submit(self._serve_patiently)

    def _serve_patiently(self) -> None:
        self._submitted = False
        while self._serve(patient=True):
            pass

    def _serve_new(self, waiter: Waiter) -> None:
        if waiter.unreported and not waiter.future.done():
            self.serve()

    def _serve(self, *, patient: bool) -> bool:
        """Decide for all waiters in one transaction; True if another one is needed."""
        try:
            self._transactions.run(self._decide, patient=patient, deliver=self._deliver)
        except StoreBusy:
            raise
        except Exception as error:
            self._fail(error)
            return False
        return self._again

    def _fail(self, error: Exception) -> None:
        """Fail all waiters after a fault of ours, so that they move to another limiter."""
        for waiter in list(self._waiters):
            self._end(waiter, error)

    def _decide(self, state: DomainState, now: Moment) -> tuple[Rows, Moment]:
        return self._admission.decide(self._waiting(), state, now), now

    def _deliver(self, decided: tuple[Rows, Moment]) -> None:
        """Let those who were admitted leave, and tell the others what they wait for."""
        rows, now = decided
        self._admission.confirm()
        self._handed_over, self._again = self._submitted, False
        if self.replica.state.paused or self._any_paused:
            self._note_pauses(now.tick)
        for waiter, verdict in rows:
            if isinstance(verdict, Reservation):
                self._waiters.pop(waiter, None)
                waiter.resolve(self._admit(verdict, waiter.loop))
        if self._waiters:
            self._keep_waiting(dict(rows), now)
            self._timers.set({waiter.loop for waiter in list(self._waiters)})

    def _keep_waiting(self, verdicts: Mapping[Waiter, Verdict], now: Moment) -> None:
        for place, waiter in enumerate(self._waiting()):
            verdict = verdicts.get(waiter)
            if not isinstance(verdict, Wait | Refused):
                continue  # it waits behind another one, and knows it; or it has just come
            if waiter.forecast is None:
                waiter.patience = self._policy.patience_for(waiter.ask)
            error = self._policy.refusal(waiter, verdict, now)
            if error is not None:
                self._end(waiter, error)
            elif isinstance(verdict, Wait):
                self._report(waiter, verdict, place, now)

    def _report(self, waiter: Waiter, verdict: Wait, place: int, now: Moment) -> None:
        waiter.stale = False
        paused = verdict.blocker.reason is Reason.PAUSED
        if waiter.forecast is None or (not paused and abs(verdict.forecast - waiter.forecast) > _NOTABLE):
            self._policy.report(waiter, verdict, place, now)
            waiter.forecast = verdict.forecast
        ahead = verdict.blocker.ahead
        if ahead and not self._store.lives(ahead):
            self._transactions.defer(lambda state, _: state.remove_process(ahead))
            self._again = True

    def _note_pauses(self, tick: int) -> None:
        """Record whose pools the user has paused."""
        paused = self.replica.state.paused
        self._any_paused = bool(paused)
        for waiter in self._waiting():
            self._again |= waiter.set_paused(tick, paused=not paused.isdisjoint(waiter.ask.pools))

    def _waiting(self) -> list[Waiter]:
        """Those whose wait has not ended, in order."""
        waiting = [waiter for waiter in list(self._waiters) if not waiter.future.done()]
        if len(waiting) > 1:
            waiting.sort(key=lambda waiter: waiter.ask.sort_key)
        return waiting

    def _admit(self, call: Reservation, loop: asyncio.AbstractEventLoop | None = None) -> Reservation:
        """Let a call leave; ``loop`` makes it, if not the running one."""
        call.attach(self._store.tick, self.replica.moment, self.call_changed)
        if call.leased:
            self._leases.add(call, loop)
        if call.short_window:
            self._transactions.watch_unwritten(call)
        return call

    def _end(self, waiter: Waiter, error: Exception) -> None:
        self._waiters.pop(waiter, None)
        waiter.resolve(error)

    def _give_up(self, waiter: Waiter) -> None:
        """Remove a waiter whose caller was cancelled or got an error."""
        self._waiters.pop(waiter, None)
        for behind in self._waiting()[:_MOST_REFRESHED]:
            behind.stale = True
        waiter.abandon()
        self.serve()

    # Timers.

    def _due_in(self, loop: asyncio.AbstractEventLoop) -> int | None:
        deadlines = [waiter.deadline for waiter in list(self._waiters) if waiter.loop is loop]
        if not deadlines:
            return None
        now = self._store.tick()
        due = now + min(POLL, self.replica.state.shortest_window() or POLL)
        if not self._handed_over:  # else the timer would fire again and again meanwhile
            due = min(self._admission.due, due, *deadlines)
        return due - now

    def _on_timer(self) -> None:
        try:
            if self._is_due():
                self.serve()
        except Exception as error:
            self._fail(error)

    def _is_due(self) -> bool:
        """Whether to decide again: a retry or a ticket's renewal is due, or rules have changed."""
        now, waiters = self._store.tick(), list(self._waiters)
        due = min([self._admission.due, self._admission.renew_at, *(waiter.deadline for waiter in waiters)])
        return now >= due or self._admission.rules_changed(waiters, self.replica.state)

    # The state is another object after an outage.

    def _known_rules(self, pool: str) -> PoolRules | None:
        return self.replica.state.known_rules(pool)

    def _is_paced(self, pools: Sequence[str]) -> bool:
        return self.replica.state.is_paced(pools)
