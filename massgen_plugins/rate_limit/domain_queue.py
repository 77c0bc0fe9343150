"""The calls of this process that wait for one domain, in their order. The one file that waits.

Nothing is bound to an event loop: each waiter has a future of its own loop, each loop with waiters has one
timer, and whoever comes by (a timer, a new waiter, an answer, a wake-up) asks for all of them.
"""

from __future__ import annotations

import asyncio
import threading
from bisect import insort
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from massgen_plugins.quota import NANOSECONDS
from massgen_plugins.rate_limit.book import amounts_of
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.lease_timer import LeaseTimer
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.replica import DomainReplica
from massgen_plugins.rate_limit.reservation import Ask, Booking, Reservation
from massgen_plugins.rate_limit.startup import Startups
from massgen_plugins.rate_limit.stores.base import Store, StoreBusy
from massgen_plugins.rate_limit.stores.worker import Worker
from massgen_plugins.rate_limit.tickets import RENEWAL
from massgen_plugins.rate_limit.verdict import Reason, Verdict, Wait
from massgen_plugins.rate_limit.waiter import Supervisor, Waiter, running_loop

__all__ = ["POLL", "DomainQueue"]

T = TypeVar("T")

POLL = NANOSECONDS
"""Nanoseconds after which waiters are looked after at the latest: rules may have changed, and timers stand
still while a machine is suspended."""

_MOST_UPDATES = 64
"""Updates of so many calls are applied at once where nobody else has to know of them."""

Rows = list[tuple[Waiter, Verdict]]


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
        self.startups = Startups(replica.state.known_rules)
        self._store = store
        self._worker = worker
        self._supervisor = supervisor
        self.forked()

    def forked(self) -> None:
        """Begin anew: a forked child has none of its parent's waiters, updates and locks."""
        self._lock = threading.Lock()  # whoever has it may use the replica
        self._door = threading.Lock()  # guards the list of waiters, for an instant
        self._again = False  # somebody came by while the lock was held
        self._submitted = False
        self._queued = False  # this process has tickets in the shared queue
        self._waiters: list[Waiter] = []
        self._updates: deque[Reservation] = deque()
        self._notes: deque[Callable[[DomainState, Moment], None]] = deque()
        self._to_wake: deque[str] = deque()
        self._attempt: list[Ask] = []
        self._leases = LeaseTimer()
        self._timers: dict[asyncio.AbstractEventLoop, asyncio.TimerHandle] = {}
        self._due = NEVER
        self._seen = 0

    # What calls ask for.

    async def acquire(self, ask: Ask, patience: int) -> Reservation:
        """Wait until the call may leave; raises what the supervisor's ``refusal`` says."""
        waiter = Waiter(ask, patience)
        rows = None if self._waiters else self._ask_at_once(waiter)
        if rows is not None and isinstance(rows[0][0][1], Reservation):
            return self._granted(rows[0][0][1])
        future = waiter.begin()
        behind = self._join(waiter)
        if rows is not None:
            self._tell(*rows[0][0], rows[1])
            self._set_timers()
        elif behind:
            self._tell_behind(waiter)
        if self._updates or self._notes or not (behind or rows):
            self.serve()
        try:
            return await future
        except BaseException:
            self._give_up(waiter)
            raise

    def note(self, call: Reservation) -> None:
        """Something has become true of a call: the store knows it with the next transaction, or soon."""
        if not call.noted:
            call.noted = True
            self._updates.append(call)
        over = call.leased and call.over != NEVER and self._leases.drop(call)
        if self._waiters:
            self._due = min(self._due, call.answered_at + self.replica.state.shortest_window(call.pools))
            if over or call.amounts is not call.booked.amounts or self._due <= call.answered_at < NEVER:
                self.serve()
        elif self._store.shared:
            self._worker.remind(self.flush)
        elif len(self._updates) >= _MOST_UPDATES:
            self._try(_nothing)

    def later(self, change: Callable[[DomainState, Moment], None]) -> None:
        """Change the state with the next transaction, or soon."""
        self._notes.append(change)
        if self._store.shared:
            self._worker.remind(self.flush)
        if self._waiters:
            self.serve()

    async def do(self, change: Callable[[DomainState, Moment], T]) -> T:
        """Change the state for everybody, and ask again for those who wait."""
        found = self._try(change)
        if found is None:
            found = await asyncio.wrap_future(self._worker.submit(partial(self._do, change)))
        self.serve()
        return found[0]

    def look(self, view: Callable[[DomainState, Moment], T]) -> T:
        """Read the state as this process knows it; with all that has become true of its calls."""
        with self._lock:
            return self._transact(view, patient=True)

    def flush(self) -> None:
        """Bring the store up to date; in a thread that may stand still."""
        if self._updates or self._notes:
            self._do(_nothing)

    # How those who wait are served.

    def serve(self) -> None:
        """Ask for everybody who waits; from any thread, at once or soon."""
        self._again = True
        while self._again and (self._waiters or self._queued):
            if not self._store.quick:
                self._serve_in_worker()
                return
            if not self._lock.acquire(blocking=False):
                return  # whoever has it asks again
            try:
                self._again = False
                self._serve(patient=False)
            except StoreBusy:
                busy = True
            else:
                busy = False
            finally:
                self._lock.release()
            self._wake_others()
            if busy:
                self._serve_in_worker()

    def _serve_in_worker(self) -> None:
        self._again = False
        if not self._submitted:
            self._submitted = True
            self._worker.submit(self._serve_patiently)

    def _serve_patiently(self) -> None:
        self._submitted = False
        with self._lock:
            self._again = False
            self._serve(patient=True)
        self._wake_others()
        if self._again:
            self.serve()

    def _serve(self, *, patient: bool) -> None:
        with self._door:
            waiters = [waiter for waiter in self._waiters if not waiter.over]
        rows, now = self._transact(partial(self._decide, waiters), patient=patient)
        for waiter, verdict in rows:
            self._tell(waiter, verdict, now)
        for waiter in waiters:
            if now.tick >= waiter.deadline and not waiter.over:
                self._end(waiter, self._supervisor.refusal(waiter, None, now))
        self._set_timers()

    def _decide(self, waiters: Sequence[Waiter], state: DomainState, now: Moment) -> tuple[Rows, Moment]:
        """Decide for the first of each combination of pools, and on until one of them has to wait."""
        self._begin_attempt()
        rows: Rows = []
        earlier: dict[str, dict[str, int]] = {}
        heads: dict[tuple[str, ...], tuple[Ask, int]] = {}
        for pool in dict.fromkeys(pool for waiter in waiters for pool in waiter.ask.pools):
            state.configure(pool, self._supervisor.rules_of(pool), now.tick)
        for waiter in waiters:
            ask = waiter.ask
            if waiter.told and ask.pools in heads and heads[ask.pools][1] <= waiter.deadline:
                continue
            verdict = state.decide(now, ask, self.startups, earlier)
            rows.append((waiter, verdict))
            if isinstance(verdict, Reservation):
                self._attempt.append(ask)
            elif isinstance(verdict, Wait):
                self._due = min(self._due, verdict.until)
                if verdict.blocker.reason is not Reason.STARTUP:
                    heads.setdefault(ask.pools, (ask, verdict.until))
                    for pool in ask.pools:
                        earlier[pool] = amounts_of((earlier.get(pool, {}), ask.amounts))
        if self._store.shared and (heads or self._queued):
            self._take_tickets(waiters, heads, state, now)
        return rows, now

    def _begin_attempt(self) -> None:
        """What an attempt granted that another process was quicker than, is not granted."""
        for ask in self._attempt:
            self.startups.ended(ask, answered=False)
        self._attempt = []
        self._due = NEVER

    def _take_tickets(
        self,
        waiters: Sequence[Waiter],
        heads: dict[tuple[str, ...], tuple[Ask, int]],
        state: DomainState,
        now: Moment,
    ) -> None:
        for pools, (ask, until) in heads.items():
            waiting = sum(waiter.ask.pools == pools for waiter in waiters)
            state.queue(ask, self._store.address, now.tick, until, waiting)
        state.leave_queue(heads)
        self._seen = now.tick

    def _ask_at_once(self, waiter: Waiter) -> tuple[Rows, Moment] | None:
        """Ask for a call while nobody else waits; None if the store has to be waited for."""
        if not self._store.quick:
            return None
        found = self._try(partial(self._decide_first, waiter))
        return None if found is None else found[0]

    def _decide_first(self, waiter: Waiter, state: DomainState, now: Moment) -> tuple[Rows, Moment]:
        """As :meth:`_decide`, for the one call that there is: the way of nearly every call."""
        ask = waiter.ask
        for pool in ask.pools:
            rules = self._supervisor.rules_of(pool)
            if not state.has_rules(pool, rules):
                state.configure(pool, rules, now.tick)
        verdict = state.decide(now, ask, self.startups)
        if not isinstance(verdict, Reservation):
            return self._decide((waiter,), state, now)
        if self._attempt or self._store.shared:
            self._begin_attempt()
            self._attempt.append(ask)
        return [(waiter, verdict)], now

    def _tell(self, waiter: Waiter, verdict: Verdict, now: Moment) -> None:
        if isinstance(verdict, Reservation):
            self._remove(waiter)
            waiter.resolve(self._granted(verdict))
            return
        error = self._supervisor.refusal(waiter, verdict, now)
        if error is not None or not isinstance(verdict, Wait):
            self._end(waiter, error)
            return
        self._queued = True
        ahead = verdict.blocker.ahead
        if ahead and not self._store.lives(ahead):
            self._notes.append(lambda state, _: state.bury(ahead))
            self._again = True
        if not waiter.told:
            waiter.told = True
            self._supervisor.waits(waiter, verdict, now)

    def _tell_behind(self, waiter: Waiter) -> None:
        """Say how long a call will wait behind others of this process, without asking the store."""
        if not self._lock.acquire(blocking=False):
            return  # it is told when they are asked for
        try:
            with self._door:
                before = [each for each in self._waiters if each.ask.place <= waiter.ask.place]
            if not all(each.told for each in before if each is not waiter):
                return
            now = self.replica.moment()
            earlier: dict[str, dict[str, int]] = {}
            for other in before:
                for pool in other.ask.pools if other is not waiter else ():
                    earlier[pool] = amounts_of((earlier.get(pool, {}), other.ask.amounts))
            verdict = self.replica.state.decide(now, waiter.ask, self.startups, earlier)
            if not isinstance(verdict, Reservation):
                self._tell(waiter, verdict, now)
        finally:
            self._lock.release()

    def _granted(self, call: Reservation) -> Reservation:
        call.attach(self._store.tick, self.replica.moment, self.note)
        if self.replica.state.leased(call):
            call.leased = True
            self._leases.add(call)
        return call

    # The list of waiters.

    def _join(self, waiter: Waiter) -> bool:
        """Put a waiter at its place; True if others of the same pools are before it."""
        with self._door:
            insort(self._waiters, waiter, key=lambda each: each.ask.place)
            waiter.place = self._waiters.index(waiter)
            return any(each.ask.pools == waiter.ask.pools for each in self._waiters[: waiter.place])

    def _remove(self, waiter: Waiter) -> None:
        with self._door:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _end(self, waiter: Waiter, error: Exception | None) -> None:
        if error is not None:
            self._remove(waiter)
            waiter.resolve(error)

    def _give_up(self, waiter: Waiter) -> None:
        """Its caller was cancelled, or is told of the error."""
        self._remove(waiter)
        waiter.take_back()
        self.serve()

    # Transactions.

    def _try(self, change: Callable[[DomainState, Moment], T]) -> tuple[T] | None:
        """Change the state at once; None if that has to be waited for."""
        if not self._store.quick or not self._lock.acquire(blocking=False):
            return None
        try:
            return (self._transact(change, patient=False),)
        except StoreBusy:
            return None
        finally:
            self._lock.release()
            self._wake_others()

    def _do(self, change: Callable[[DomainState, Moment], T]) -> tuple[T]:
        with self._lock:
            found = (self._transact(change, patient=True),)
        self._wake_others()
        return found

    def _transact(self, change: Callable[[DomainState, Moment], T], *, patient: bool) -> T:
        """Change the state, with all that has become true of calls meanwhile."""
        calls, notes = _drain(self._updates), _drain(self._notes)
        applied: list[tuple[Reservation, Booking]] = []
        wake: list[str] = []

        def whole(state: DomainState, now: Moment) -> T:
            bookings = []
            for call in calls:
                call.noted = False  # what becomes true of it from now on is noted anew
                booking = call.booking
                bookings.append((call, booking))
                state.change(call, booking, now)
            for note in notes:
                note(state, now)
            result = change(state, now)
            applied[:] = bookings
            wake[:] = state.to_wake(now) if len(state.tickets) else ()
            return result

        try:
            result = self.replica.transact(whole, patient=patient)
        except BaseException:
            self._updates.extendleft(call for call in reversed(calls) if not call.noted)
            for call in calls:
                call.noted = True
            self._notes.extendleft(reversed(notes))
            raise
        self._attempt = []
        for call, booking in applied:
            call.booked = booking
        self._to_wake.extend(wake)
        return result

    def _wake_others(self) -> None:
        """After one's own waiters know: tell processes that their first one can leave."""
        while self._to_wake:
            self._store.wake(self._to_wake.popleft())

    # Timers.

    def _set_timers(self) -> None:
        """One for each event loop in which somebody waits."""
        with self._door:
            waiters = list(self._waiters)
            self._queued = bool(waiters)
        here = running_loop()
        for loop in {waiter.loop for waiter in waiters if waiter.loop is not None}:
            if loop is here:
                self._set_timer(loop)
            elif not loop.is_closed():
                loop.call_soon_threadsafe(self._set_timer, loop)

    def _set_timer(self, loop: asyncio.AbstractEventLoop) -> None:
        timer = self._timers.pop(loop, None)
        if timer is not None:
            timer.cancel()
        with self._door:
            deadlines = [waiter.deadline for waiter in self._waiters if waiter.loop is loop]
        if deadlines:
            now = self._store.tick()
            wake = min(self._due, *deadlines, now + min(POLL, self.replica.state.shortest_window() or POLL))
            self._timers[loop] = loop.call_later(max(0, wake - now) / NANOSECONDS, self._on_timer, loop)

    def _on_timer(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timers.pop(loop, None)
        now = self._store.tick()
        with self._door:
            waiters = list(self._waiters)
        due = min([self._due, *(waiter.deadline for waiter in waiters)])
        if now >= due or (self._store.shared and now >= self._seen + RENEWAL) or self._rules_changed(waiters):
            self.serve()
        if loop not in self._timers:
            self._set_timer(loop)

    def _rules_changed(self, waiters: Sequence[Waiter]) -> bool:
        pools = {pool for waiter in waiters for pool in waiter.ask.pools}
        state = self.replica.state
        return any(not state.has_rules(pool, self._supervisor.rules_of(pool)) for pool in pools)


def _nothing(_: DomainState, __: Moment) -> None:
    """Only what has become true of calls is written."""


def _drain(items: deque[T]) -> list[T]:
    drained = []
    while items:
        drained.append(items.popleft())
    return drained
