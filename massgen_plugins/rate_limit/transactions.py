"""The transactions of one domain in this process: serialized, each carrying all pending updates."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TypeAlias, TypeVar

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
        self._lock = threading.Lock()  # guards the replica
        self._updated: dict[Reservation, None] = {}  # calls to be booked anew
        self._deferred: deque[Change[None]] = deque()
        self._unwritten: dict[Reservation, None] = {}  # in order of admission; may still contain written ones
        self._to_wake: Sequence[str] = ()  # addresses

    def add(self, call: Reservation) -> None:
        """Book a call anew with the next transaction."""
        self._updated[call] = None

    def defer(self, change: Change[None]) -> None:
        """Change the state with the next transaction."""
        self._deferred.append(change)

    def watch_unwritten(self, call: Reservation) -> None:
        """Postpone an admitted call's stamp in each transaction until it is written.

        While its event loop is blocked, the call is neither written nor counted by the server. When the loop
        resumes, a timer may fire first and admit the next call. In a window of a second the server would
        then count both together, although a second lies between their admissions.
        """
        self._unwritten[call] = None

    def flush_soon(self) -> None:
        """Schedule a flush, unless another transaction comes first."""
        if self._store.shared:
            self._worker.remind(self.flush)
        elif len(self._updated) >= _MOST_UPDATES:
            with suppress(StoreBusy):
                self.run(_no_change, patient=False)

    def flush(self) -> None:
        """Write pending updates to the store. May block."""
        if self._updated or self._deferred:
            self.run(_no_change, patient=True)

    async def run_async(self, change: Change[T], on_abandoned: Callable[[T], None] | None = None) -> T:
        """Like :meth:`run`, without blocking the event loop.

        If the caller is cancelled meanwhile, ``on_abandoned`` gets the result.
        """
        try:
            return self.run(change, patient=False)
        except StoreBusy:
            future = self._worker.submit(partial(self.run, change, patient=True))
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if on_abandoned is not None:
                future.add_done_callback(partial(_hand_over, on_abandoned))
            raise

    def run(self, change: Change[T], *, patient: bool, deliver: Callable[[T], None] | None = None) -> T:
        """Run ``change`` and all pending updates in a transaction, and return its result.

        Args:
            change: Reads and changes the state.
            patient: Whether this thread may block.
            deliver: Called with the result before another transaction can begin.

        Raises:
            StoreBusy: It would block, and this thread is not patient. Nothing happened.
        """
        if not (patient or self._store.quick) or not self._lock.acquire(blocking=patient):
            raise StoreBusy
        try:
            if self._unwritten:
                self._postpone_unwritten()
            result = self._transact(change, patient=patient)
            if deliver is not None:
                deliver(result)
            return result
        finally:
            addresses, self._to_wake = self._to_wake, ()
            self._lock.release()
            for address in addresses:
                self._store.wake(address)

    def _transact(self, change: Change[T], *, patient: bool) -> T:
        calls = [self._updated.popitem()[0] for _ in range(len(self._updated))]
        changes = list(self._deferred)
        booked: list[Booking] = []
        changed: list[Change[None]] = []

        def attempt(state: DomainState, now: Moment) -> T:
            booked.clear()
            changed.clear()
            for call in calls:
                booking = call.booking
                state.change(call, booking, now)
                booked.append(booking)
            for deferred in changes:
                deferred(state, now)
                changed.append(deferred)
            if changes:
                now = self._replica.moment()  # the provider's clock may have been updated
            result = change(state, now)
            if state.tickets.rows or self._to_wake:
                self._to_wake = _affected_waiters(state, now)
            return result

        try:
            return self._replica.transact(attempt, patient=patient)
        except BaseException:
            if not self._replica.in_place:
                booked.clear()
                changed.clear()
            raise
        finally:
            for _ in changed:
                self._deferred.popleft()
            for call, booking in zip(calls, booked, strict=False):
                call.booked = booking
            self._updated.update(dict.fromkeys(calls[len(booked) :]))

    def _postpone_unwritten(self) -> None:
        tick = self._store.tick()
        for call in list(self._unwritten):
            if not call.unwritten:
                self._unwritten.pop(call, None)
            elif call.postpone(tick):
                self.add(call)


def _affected_waiters(state: DomainState, now: Moment) -> list[str]:
    """Addresses of processes to wake."""
    # If nothing changed for others, wake only the overdue: else two processes whose waiters fit, but wait
    # behind others of their own, would wake each other for ever.
    others_affected = state.queue_moved or any(not part.startswith(QUEUE) for part in state.changed)
    state.queue_moved = False
    return state.to_wake(now, only_overdue=not others_affected)


def _hand_over(on_abandoned: Callable[[T], None], future: Future[T]) -> None:
    if not future.cancelled() and future.exception() is None:
        on_abandoned(future.result())


def _no_change(_: DomainState, __: Moment) -> None:
    """Write pending updates only."""
