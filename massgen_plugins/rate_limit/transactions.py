"""The transactions of one domain in this process: serialized, each carrying all pending updates."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias, TypeVar

from massgen_plugins.rate_limit.domain import QUEUE, DomainState
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.replica import DomainReplica
from massgen_plugins.rate_limit.reservation import Booking, Reservation
from massgen_plugins.rate_limit.stores.base import Store, StoreBusy
from massgen_plugins.rate_limit.stores.worker import Worker

__all__ = ["Change", "Transactions"]

T = TypeVar("T")
Change: TypeAlias = Callable[[DomainState, Moment], T]
"""The body of a transaction; run again after a conflict with another process."""

_MOST_UPDATES = 64
"""Pending updates that trigger a transaction where no other process shares the store."""


class Transactions:
    """Runs transactions. Thread-safe.

    Args:
        replica: This process's copy of the domain.
        store: Where the domain is kept.
        worker: Runs what may block.
    """

    def __init__(self, replica: DomainReplica, store: Store, worker: Worker) -> None:
        self._replica = replica
        self._store = store
        self._worker = worker
        self.forked()

    def forked(self) -> None:
        """Reset in a forked child, which inherits neither updates nor locks."""
        self.lock = threading.Lock()
        """Guards the replica."""
        self._updates: deque[Reservation] = deque()
        self._deferred: deque[Change[None]] = deque()
        self._unwritten: dict[Reservation, None] = {}  # in order of admission; may still contain written ones
        # Of the current transaction:
        self._change: Change[Any] = _no_change
        self._calls: Sequence[Reservation] = ()
        self._changes: Sequence[Change[None]] = ()
        self._bookings: dict[Reservation, Booking] = {}
        self._to_wake: Sequence[str] = ()  # addresses

    @property
    def pending(self) -> bool:
        """Whether any update is pending."""
        return bool(self._updates or self._deferred)

    def add(self, call: Reservation) -> None:
        """Queue the update of a call for the next transaction."""
        if not call.pending:
            call.pending = True
            self._updates.append(call)

    def watch_unwritten(self, call: Reservation) -> None:
        """Postpone an admitted call's stamp in each transaction until it is written.

        While its event loop is blocked, the call is neither written nor counted by the server. When the loop
        resumes, a timer may fire first and admit the next call. In a window of a second the server would
        then count both together, although a second lies between their admissions.
        """
        self._unwritten[call] = None

    def defer(self, change: Change[None]) -> None:
        """Queue a change of the state for the next transaction."""
        self._deferred.append(change)

    def flush_soon(self) -> None:
        """Schedule a flush, unless another transaction comes first."""
        if self._store.shared:
            self._worker.remind(self.flush)
        elif len(self._updates) >= _MOST_UPDATES:
            with suppress(StoreBusy):
                self.run_nowait(_no_change)

    def flush(self) -> None:
        """Write pending updates to the store. May block."""
        if self.pending:
            self.run_blocking(_no_change)

    def run_nowait(self, change: Change[T]) -> T:
        """Run ``change`` in a transaction and return its result.

        Raises:
            StoreBusy: It would block. Nothing happened.
        """
        if not self._store.quick or not self.lock.acquire(blocking=False):
            raise StoreBusy
        try:
            return self.transact(change, patient=False)
        finally:
            self.lock.release()
            if self._to_wake:
                self.wake_others()

    def run_blocking(self, change: Change[T]) -> T:
        """Like :meth:`run_nowait`, but wait for the store."""
        with self.lock:
            result = self.transact(change, patient=True)
        self.wake_others()
        return result

    async def run(self, change: Change[T], on_abandoned: Callable[[T], None] | None = None) -> T:
        """Like :meth:`run_nowait`, but wait without blocking the event loop.

        If the caller is cancelled meanwhile, ``on_abandoned`` gets the result.
        """
        try:
            return self.run_nowait(change)
        except StoreBusy:
            future = self._worker.submit(partial(self.run_blocking, change))
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if on_abandoned is not None:
                future.add_done_callback(partial(_hand_over, on_abandoned))
            raise

    def transact(self, change: Change[T], *, patient: bool) -> T:
        """Run ``change`` with the lock held; call :meth:`wake_others` after releasing it."""
        if self._unwritten:
            self._postpone_unwritten()
        if self._updates:
            self._calls = _drain(self._updates)
            for call in self._calls:
                call.pending = False  # later changes queue it again
        if self._deferred:
            self._changes = _drain(self._deferred)
        self._change = change
        try:
            result: T = self._replica.transact(self._attempt, patient=patient)
        except BaseException:
            self._requeue()
            raise
        for call in self._calls:
            call.booked = self._bookings.pop(call)
        self._calls, self._changes, self._change = (), (), _no_change
        return result

    def _postpone_unwritten(self) -> None:
        tick = self._store.tick()
        for call in list(self._unwritten):
            if not call.unwritten:
                self._unwritten.pop(call, None)
            elif call.postpone(tick):
                self.add(call)

    def _attempt(self, state: DomainState, now: Moment) -> Any:
        for call in self._calls:
            booking = self._bookings[call] = call.booking
            state.change(call, booking, now)
        if self._changes:
            for change in self._changes:
                change(state, now)
            now = self._replica.moment()  # a change may have updated the provider's clock
        result = self._change(state, now)
        if state.tickets.rows or self._to_wake:
            # If nothing changed for others, wake only the overdue: else two processes whose waiters fit, but
            # wait behind others of their own, would wake each other for ever.
            others_affected = state.queue_shrank or state.changed - {QUEUE}
            self._to_wake = state.to_wake(now, only_overdue=not others_affected)
            state.queue_shrank = False
        return result

    def wake_others(self) -> None:
        """Wake processes whose head of line can leave, after this process's own waiters were served."""
        addresses, self._to_wake = self._to_wake, ()
        for address in addresses:
            self._store.wake(address)

    def _requeue(self) -> None:
        """Queue the updates of a failed transaction again."""
        self._updates.extendleft(call for call in reversed(self._calls) if not call.pending)
        for call in self._calls:
            call.pending = True
        self._deferred.extendleft(reversed(self._changes))
        self._calls, self._changes, self._change = (), (), _no_change
        self._bookings.clear()


def _hand_over(on_abandoned: Callable[[T], None], future: Future[T]) -> None:
    if not future.cancelled() and future.exception() is None:
        on_abandoned(future.result())


def _no_change(_: DomainState, __: Moment) -> None:
    """Write pending updates only."""


def _drain(items: deque[T]) -> list[T]:
    drained = []
    while items:
        drained.append(items.popleft())
    return drained
