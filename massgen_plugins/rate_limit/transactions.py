"""The transactions of one domain in this process: one at a time, with all that has become true meanwhile."""

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
"""What is done in a transaction; done again if another process was quicker."""

_MOST_UPDATES = 64
"""Updates of so many calls are applied at once where nobody else has to know of them."""


class Transactions:
    """Used by all threads.

    Args:
        replica: This process's copy of the domain.
        store: Where it is kept.
        worker: Does what may take longer.
    """

    def __init__(self, replica: DomainReplica, store: Store, worker: Worker) -> None:
        self._replica = replica
        self._store = store
        self._worker = worker
        self.forked()

    def forked(self) -> None:
        """Begin anew: a forked child has none of its parent's updates and locks."""
        self.lock = threading.Lock()
        """Whoever has it may use the replica."""
        self._updates: deque[Reservation] = deque()
        self._notes: deque[Change[None]] = deque()
        self._unwritten: set[Reservation] = set()  # those that are written by now among them
        # Of the transaction that is being done:
        self._change: Change[Any] = _nothing
        self._calls: Sequence[Reservation] = ()
        self._changes: Sequence[Change[None]] = ()
        self._bookings: dict[Reservation, Booking] = {}
        self._late: Sequence[str] = ()  # where processes are to be woken

    @property
    def pending(self) -> bool:
        """Whether there is anything that the state does not know."""
        return bool(self._updates or self._notes)

    def update(self, call: Reservation) -> None:
        """Something has become true of a call: it goes along with the next transaction."""
        if not call.noted:
            call.noted = True
            self._updates.append(call)

    def admitted(self, call: Reservation) -> None:
        """A call may leave. While its event loop stands still it is not written, nor counted by the server.

        The next call may be decided before: a timer fires first when the loop goes on. In a window of a
        second both would be counted together, although a second lies between their admissions. So in each
        transaction what is not written yet is booked as written now.
        """
        self._unwritten.add(call)

    def note(self, change: Change[None]) -> None:
        """Change the state with the next transaction."""
        self._notes.append(change)

    def remind(self) -> None:
        """Do the next transaction soon, if there is none before."""
        if self._store.shared:
            self._worker.remind(self.flush)
        elif len(self._updates) >= _MOST_UPDATES:
            with suppress(StoreBusy):
                self.at_once(_nothing)

    def flush(self) -> None:
        """Bring the store up to date; in a thread that may stand still."""
        if self.pending:
            self.patiently(_nothing)

    def at_once(self, change: Change[T]) -> T:
        """Change the state, and return what ``change`` does.

        Raises:
            StoreBusy: The store has to be waited for. Nothing happened.
        """
        if not self._store.quick or not self.lock.acquire(blocking=False):
            raise StoreBusy
        try:
            return self.transact(change, patient=False)
        finally:
            self.lock.release()
            if self._late:
                self.wake_others()

    def patiently(self, change: Change[T]) -> T:
        """The same, in a thread that may stand still."""
        with self.lock:
            result = self.transact(change, patient=True)
        self.wake_others()
        return result

    async def awaited(self, change: Change[T], taken_back: Callable[[T], None] | None = None) -> T:
        """The same, for an event loop; ``taken_back`` is given what comes when nobody awaits it any more."""
        try:
            return self.at_once(change)
        except StoreBusy:
            future = self._worker.submit(partial(self.patiently, change))
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if taken_back is not None:
                future.add_done_callback(partial(_take_back, taken_back))
            raise

    def transact(self, change: Change[T], *, patient: bool) -> T:
        """The same, for whoever has the lock; to be followed by :meth:`wake_others` after its release."""
        if self._unwritten:
            self._postpone_unwritten()
        if self._updates:
            self._calls = _drain(self._updates)
            for call in self._calls:
                call.noted = False  # what becomes true of it from now on is noted anew
        if self._notes:
            self._changes = _drain(self._notes)
        self._change = change
        try:
            result: T = self._replica.transact(self._attempt, patient=patient)
        except BaseException:
            self._put_back()
            raise
        for call in self._calls:
            call.booked = self._bookings.pop(call)
        self._calls, self._changes, self._change = (), (), _nothing
        return result

    def _postpone_unwritten(self) -> None:
        tick, calls = self._store.tick(), list(self._unwritten)
        self._unwritten.difference_update(call for call in calls if not call.waits_to_be_written)
        for call in calls:
            if call.postpone(tick):
                self.update(call)

    def _attempt(self, state: DomainState, now: Moment) -> Any:
        for call in self._calls:
            booking = self._bookings[call] = call.booking
            state.change(call, booking, now)
        if self._changes:
            for change in self._changes:
                change(state, now)
            now = self._replica.moment()  # an answer may have told the provider's time
        result = self._change(state, now)
        if state.tickets.rows or self._late:
            # If nothing has changed for others, nobody is woken but who is late: else two processes whose
            # waiters fit, but wait behind others of their own, would wake each other for ever.
            self._late = state.to_wake(now, only_late=not (state.gave_way or state.changed - {QUEUE}))
            state.gave_way = False
        return result

    def wake_others(self) -> None:
        """After one's own waiters know: tell processes that their first one can leave."""
        late, self._late = self._late, ()
        for address in late:
            self._store.wake(address)

    def _put_back(self) -> None:
        """Nothing of what a transaction was to apply was applied."""
        self._updates.extendleft(call for call in reversed(self._calls) if not call.noted)
        for call in self._calls:
            call.noted = True
        self._notes.extendleft(reversed(self._changes))
        self._calls, self._changes, self._change = (), (), _nothing
        self._bookings.clear()


def _take_back(taken_back: Callable[[T], None], future: Future[T]) -> None:
    if not future.cancelled() and future.exception() is None:
        taken_back(future.result())


def _nothing(_: DomainState, __: Moment) -> None:
    """Only what has become true of calls is written."""


def _drain(items: deque[T]) -> list[T]:
    drained = []
    while items:
        drained.append(items.popleft())
    return drained
