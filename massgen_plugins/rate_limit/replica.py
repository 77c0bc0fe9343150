"""This process's copy of one domain, kept in step with a store by compare-and-swap.

While the store is unavailable, the copy is used offline: if n processes share the domain, each takes an nth
of what is left. When the store is back, calls admitted meanwhile are booked there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import TypeVar

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.quota import NANOSECONDS, Domain
from massgen_plugins.rate_limit import wall_clock
from massgen_plugins.rate_limit.domain import BOOK, FACTS, QUEUE, DomainState
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.stores.base import Snapshot, Store, StoreBusy, StoreReplaced
from massgen_plugins.rate_limit.stores.domain_names import domain_name, first_version, same_domain

__all__ = ["DomainReplica"]

T = TypeVar("T")

_RETRY = 10.0
"""Seconds before a failed store is tried again."""

_MEMBER_RENEWAL = 60_000_000_000
"""Nanoseconds after which a process renews its membership in a domain."""

_MOST_TRIES = 1000

_NO_TURN = nullcontext()
"""Used without contention, where a single swap is transaction enough."""


class DomainReplica:
    """One process's copy of a domain.

    Args:
        domain: The domain.
        store: Where it is kept.
        process: This process's name; empty for one that makes no calls and has no share of the quota.
        report: Called with a sentence about damaged content of the store.
        changed: Called with whether the store works, and why, when that changes; default: ``report``.
    """

    def __init__(
        self,
        domain: Domain,
        store: Store,
        process: str,
        report: Callable[[str], None],
        changed: Callable[[bool, str], None] | None = None,
    ) -> None:
        self.name = domain_name(domain)
        self.state = DomainState(process, time.time_ns())
        self._store = store
        self._process = process
        self._report = report
        self._changed = changed or (lambda _, message: report(message))
        self._version = -1  # never loaded
        self._last_agreed = 0  # the last version at which copy and store agreed
        self._contended = False  # whether the last exchange found another process's write
        self._offline_before: int | None = None
        self._synced = 0
        self._saved: dict[str, bytes] = {}
        self._clock_offset: wall_clock.ClockOffset | None = None
        self._retry_at = 0.0
        self._rebooked = False
        self.offline = False
        """Whether the store is unavailable."""
        self.fault = ""
        """Why the store last failed, in one sentence."""

    def moment(self) -> Moment:
        """The current moment. Never blocks."""
        tick, sample = self._store.tick(), self.state.facts.clock
        if sample is None or sample.when > tick + NANOSECONDS:  # taken on another clock
            return Moment(tick, self._store.start().wall())
        clock = self._clock_offset
        if clock is None or clock.sample is not sample or tick >= clock.until:
            clock = self._clock_offset = wall_clock.offset_at(sample, tick, self._store.start())
        return Moment(tick, tick + clock.offset, clock.slack)

    def transact(self, work: Callable[[DomainState, Moment], T], *, patient: bool = False) -> T:
        """Run ``work`` on the current state and write its changes to the store.

        Args:
            work: Reads and changes the state; run again after a conflict.
            patient: Whether this thread may block.

        Raises:
            StoreBusy: It would block, and this thread is not patient. Nothing happened.
        """
        if not self._store.shared:
            return self._transact_locally(work)
        if self.offline and (not patient or time.monotonic() < self._retry_at):
            if time.monotonic() >= self._retry_at:
                raise StoreBusy  # retrying the store is left to a thread that may block
            return self._transact_locally(work)
        if self._version < 0 and not patient:
            raise StoreBusy  # the first load may take long
        try:
            return self._transact_shared(work, patient=patient)
        except StoreBusy:
            self._revert()
            if not patient:
                raise
            error: Exception = StoreUnavailable(f"{self._store.description} is held by another program.")
        except StoreUnavailable as unavailable:
            self._revert()
            error = unavailable
        except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as fault:
            self._revert()
            error = StoreUnavailable(f"{self._store.description} answers nonsense ({type(fault).__name__}).")
        except BaseException:  # raised by the work itself
            self._revert()
            raise
        self._go_offline(error)
        return self._transact_locally(work)

    def forget(self) -> None:
        """Reset the domain for all processes. May block."""
        epoch = time.time_ns()
        self.transact(lambda state, _: state.reset(epoch), patient=True)

    def forked(self, process: str) -> None:
        """Reset in a forked child: drop what the parent had not written."""
        self._process = process
        self._revert()
        self.state.rename(process)

    def _transact_locally(self, work: Callable[[DomainState, Moment], T]) -> T:
        self.state.changed.clear()
        return work(self.state, self.moment())

    def _transact_shared(self, work: Callable[[DomainState, Moment], T], *, patient: bool) -> T:
        try:
            return self._compare_and_swap(work, patient=patient)
        except StoreReplaced:
            if not patient:
                raise
            self._revert()
            return self._compare_and_swap(work, patient=patient)

    def _compare_and_swap(self, work: Callable[[DomainState, Moment], T], *, patient: bool) -> T:
        store, state = self._store, self.state
        with store.turn(patient=patient) if self._contended else _NO_TURN:
            if self._version < 0 or self.offline:
                self._adopt(store.load(self.name, 0, patient=patient))
            elif self._contended and store.quick:  # refresh first, rather than decide twice
                self._contended = self._refresh(patient=patient)
            for _ in range(_MOST_TRIES):
                now = self.moment()
                self._offline_before = state.offline_calls
                result = work(state, now)
                new, parts = self._changes(now)
                if not parts:
                    if not self._refresh(patient=patient):
                        break
                    continue
                newer = store.swap(self.name, self._version, new, parts, patient=patient)
                if newer is None:
                    break
                self._contended = True
                self._adopt(newer)
            else:
                raise StoreUnavailable(f"{store.description} never lets this process write.")
        if parts:
            self._saved.update(parts)
            self._version = self._last_agreed = new
            self._synced = now.tick
            state.changed.clear()
        self._go_online()
        return result

    def _changes(self, now: Moment) -> tuple[int, dict[str, bytes]]:
        """The new version, and the parts to write."""
        state = self.state
        if not state.changed:
            return self._version, {}
        seen = state.facts.members.get(self._process, -_MEMBER_RENEWAL)
        if self._process and now.tick - seen >= _MEMBER_RENEWAL:
            state.facts.register_member(self._process, now.tick)
            state.changed.add(FACTS)
        return self._version + 1 if self._version else first_version(), {
            part: state.dump(part) for part in state.changed
        }

    def _refresh(self, *, patient: bool) -> bool:
        """Load what others have written; False if nothing is new."""
        snapshot = self._store.load(self.name, self._version, patient=patient)
        if snapshot.version == self._version:
            return False
        self._adopt(snapshot)
        return True

    def _adopt(self, snapshot: Snapshot) -> None:
        """Load a newer snapshot, and roll back changes that conflict with it."""
        lost = self._last_agreed > 0 and not same_domain(snapshot.version, self._last_agreed)
        if lost:
            snapshot = self._store.load(self.name, 0, patient=True)
        self._roll_back(part for part in self.state.changed if lost or part not in snapshot.parts)
        self._version = snapshot.version
        own_parts = self.state.parts if lost else ()
        if lost and self.offline:
            self._roll_back(part for part in own_parts if part.startswith(BOOK))
        for part, data in snapshot.parts.items():
            if lost:
                self._merge(part, data)
            else:
                self._restore(part, data)
        if lost:  # the file was deleted, or the server lost its data: write everything again
            self.state.changed.update(own_parts)
            if self.offline:
                self._rebook()
            return
        self._last_agreed = self._version
        if self.offline:
            missing = [part for part in self.state.parts if part not in snapshot.parts]
            self._roll_back(part for part in missing if part.startswith(BOOK))
            self._rebook()
            self.state.changed.update(missing)

    def _restore(self, part: str, data: bytes) -> None:
        try:
            self.state.restore(part, data)
        except ValueError as error:
            self._roll_back((part,))
            self.state.changed.add(part)  # repair it from this copy
            self._report(
                f"A part of what {self._store.description} holds was damaged ({error}); it is written anew "
                "from what this process knows."
            )
        else:
            self._saved[part] = data
            self.state.changed.discard(part)

    def _merge(self, part: str, data: bytes) -> None:
        other = DomainState(self._process)
        try:
            other.restore(part, data)
        except ValueError:
            return
        if part.startswith(BOOK):
            pool = part.removeprefix(BOOK)
            self.state.book(pool).merge(other.book(pool), self._synced)
        elif part == QUEUE:
            for ticket in other.tickets:
                self.state.tickets.put(ticket)

    def _rebook(self) -> None:
        self._rebooked = True
        self.state.rebook_offline(self.moment())

    def _revert(self) -> None:
        """Roll back everything that is not written."""
        self._roll_back()
        if self._rebooked:  # the attempt to go online failed
            self._rebook()
            self._rebooked = False
        self.state.changed.clear()

    def _roll_back(self, parts: Iterable[str] | None = None) -> None:
        """Restore parts (default: all changed ones) to their last written state."""
        for part in tuple(self.state.changed if parts is None else parts):
            saved = self._saved.get(part)
            if saved is None:
                self.state.clear(part)
            else:
                self.state.restore(part, saved)
            self.state.changed.discard(part)
        if self._offline_before is not None:
            self.state.keep_offline(self._offline_before)
            self._offline_before = None

    def _go_offline(self, error: Exception) -> None:
        self._retry_at = time.monotonic() + _RETRY
        self.fault = str(error)
        if self.offline:
            return
        self.offline = True
        now = self.moment()
        others = self.state.facts.others(self._process, now.tick)
        self.state.go_offline(now, 1 + others)
        share = f", as one of {1 + others} equal shares," if others else ""
        self._changed(
            False, f"{error} The quota is kept in memory of this process{share} until the store works again."
        )

    def _go_online(self) -> None:
        self._rebooked, self._offline_before = False, None
        if self.offline:
            self.offline = False
            self.state.go_online()
            self._changed(True, f"{self._store.description} works again; the quota is shared.")
