"""This process's copy of one domain, kept in step with a store by compare-and-swap.

While the store is unavailable, the copy is used offline: if n processes share the domain, each takes an nth
of what is left. When the store is back, what was booked meanwhile is added to what it holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import TypeVar

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.quota import NANOSECONDS, Domain
from massgen_plugins.rate_limit import wall_clock
from massgen_plugins.rate_limit.domain import FACTS, DomainState
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.stores.base import Snapshot, Store, StoreBusy, StoreReplaced
from massgen_plugins.rate_limit.stores.domain_names import domain_name, first_version, same_domain

__all__ = ["DomainReplica"]

T = TypeVar("T")

_RETRY = 10.0
"""Seconds before a failed store is tried again."""

_MEMBER_RENEWAL = 60 * NANOSECONDS
"""Nanoseconds after which a process renews its membership in a domain."""

_MOST_TRIES = 1000

_NO_TURN = nullcontext()
"""Used without contention, where a single swap is transaction enough."""


class DomainReplica:
    """One process's copy of a domain.

    Attributes:
        name: The domain's name in the store.
        state: The copy.
        offline: Whether the store is unavailable.
        in_place: Whether the last change was made without a store, so that it stays even if it has failed.
        fault: Why the store last failed, in one sentence.

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
        self.offline = self.in_place = False
        self.fault = ""
        self._store = store
        self._process = process
        self._report = report
        self._changed = changed or (lambda _, message: report(message))
        self._loaded = False
        self._version = 0  # of the store's content that this copy was last in step with
        self._saved: dict[str, bytes] = {}  # the parts of that version
        self._in_step_at = 0  # tick of the last write
        self._contended = False  # whether the last exchange found another process's write
        self._clock_offset: wall_clock.ClockOffset | None = None
        self._retry_at = 0.0
        self._before = self.state, self._version, self._saved  # as the current transaction began

    def moment(self) -> Moment:
        """The current moment. Never blocks."""
        tick, sample = self._store.tick(), self.state.facts.clock
        if sample is None or sample.when > tick + NANOSECONDS:  # taken on another clock
            return Moment(tick, self._store.start().wall())
        clock = self._clock_offset
        if clock is None or clock.sample is not sample or tick >= clock.until:
            clock = self._clock_offset = wall_clock.offset_at(sample, tick, self._store.start())
        return Moment(tick, tick + clock.offset, clock.slack)

    def transact(self, change: Callable[[DomainState, Moment], T], *, patient: bool = False) -> T:
        """Run ``change`` on the current state and write what it changed to the store.

        Args:
            change: Reads and changes the state; run again after a conflict.
            patient: Whether this thread may block.

        Raises:
            StoreBusy: It would block, and this thread is not patient. Nothing happened.
        """
        self.in_place = True
        if not self._store.shared:
            return change(self.state, self.moment())
        retry = self.offline and time.monotonic() >= self._retry_at
        if not patient and (retry or not (self._loaded or self.offline)):
            raise StoreBusy  # loading everything may take long
        if self.offline and not retry:
            return change(self.state, self.moment())
        try:
            return self._transact_shared(change, patient=patient)
        except StoreBusy:
            if not patient:
                raise
            error: Exception = StoreUnavailable(f"{self._store.description} is locked by another program.")
        except StoreUnavailable as unavailable:
            error = unavailable
        except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as fault:
            name = type(fault).__name__
            error = StoreUnavailable(f"{self._store.description} gave an invalid answer ({name}).")
        self._go_offline(error)
        return change(self.state, self.moment())

    def forget(self) -> None:
        """Reset the domain for all processes. May block."""
        epoch = time.time_ns()
        self.transact(lambda state, _: state.reset(epoch), patient=True)

    def forked(self, process: str) -> None:
        """Reset in a forked child: drop what the parent had not written."""
        self._roll_back(self.state.changed)
        self._process = self.state.process = process

    def _transact_shared(self, change: Callable[[DomainState, Moment], T], *, patient: bool) -> T:
        self._before, self.in_place = (self.state, self._version, self._saved), False
        try:
            return self._attempt(change, patient=patient)
        except StoreReplaced:
            if not patient:
                raise
        return self._attempt(change, patient=patient)

    def _attempt(self, change: Callable[[DomainState, Moment], T], *, patient: bool) -> T:
        try:
            return self._compare_and_swap(change, patient=patient)
        except BaseException:
            self._revert()
            raise

    def _compare_and_swap(self, change: Callable[[DomainState, Moment], T], *, patient: bool) -> T:
        store = self._store
        with store.turn(patient=patient) if self._contended else _NO_TURN:
            fresh = True
            if self.offline or not self._loaded:
                self._adopt(store.load(self.name, 0, patient=patient), patient=patient)
                self._loaded = True
            elif self._contended:  # refresh first, rather than decide twice
                newer = self._newer(patient=patient)
                self._contended = newer is not None
                self._adopt(newer, patient=patient)
            else:
                fresh = False
            for _ in range(_MOST_TRIES):
                now, newer = self.moment(), None
                result = change(self.state, now)
                new, parts = self._changes(now)
                if parts:
                    newer = store.swap(self.name, self._version, new, parts, patient=patient)
                    self._contended |= newer is not None
                elif not fresh:
                    newer = self._newer(patient=patient)
                if newer is None:
                    break
                self._adopt(newer, patient=patient)
                fresh = True
            else:
                what = f"was changed by others in {_MOST_TRIES} attempts"
                raise StoreUnavailable(f"{store.description} {what}.")
        if parts:
            self._keep(parts)
            self._version, self._in_step_at = new, now.tick
            self.state.changed.clear()
        if self.offline:
            self.offline = False
            self._changed(True, f"{store.description} works again; the quota is shared.")
        return result

    def _changes(self, now: Moment) -> tuple[int, dict[str, bytes | None]]:
        """The new version, and the parts to write."""
        state = self.state
        if not state.changed:
            return self._version, {}
        seen = state.facts.members.get(self._process, -_MEMBER_RENEWAL)
        if self._process and now.tick - seen >= _MEMBER_RENEWAL:
            state.facts.register_member(self._process, now.tick)
            state.changed.add(FACTS)
        new = self._version + 1 if self._version else first_version()
        return new, {part: state.dump(part) for part in state.changed}

    def _keep(self, parts: Mapping[str, bytes | None]) -> None:
        """Remember what is written."""
        for part, data in parts.items():
            if data is None:
                self._saved.pop(part, None)
            else:
                self._saved[part] = data

    def _newer(self, *, patient: bool) -> Snapshot | None:
        """What others have written since, if anything."""
        snapshot = self._store.load(self.name, self._version, patient=patient)
        return snapshot if snapshot.version != self._version else None

    def _adopt(self, newer: Snapshot | None, *, patient: bool) -> None:
        """Take over what others have written; what this process has not written yet is dropped."""
        if newer is None:
            return
        merged = self.state is not self._before[0]
        self._revert()
        lost = self._version > 0 and not same_domain(newer.version, self._version)
        if lost or merged:
            newer = self._store.load(self.name, 0, patient=patient)
        if lost or self.offline:
            self._merge(newer, self._in_step_at if lost else None)
        else:
            self._restore(newer.parts)
        self._version = newer.version

    def _merge(self, snapshot: Snapshot, lost_since: int | None) -> None:
        """Begin a new copy from the store's content, and add what this process has booked apart."""
        own, saved = self.state, self._saved
        self.state, self._saved = DomainState(self._process, own.facts.epoch), dict(saved)
        self._restore(snapshot.parts)
        self.state.merge(own, saved, self.moment(), lost_since)

    def _revert(self) -> None:
        """Drop what the current transaction has changed."""
        if self.state is not self._before[0]:
            self.state, self._version, self._saved = self._before
        elif not self.offline:
            self._roll_back(self.state.changed)

    def _restore(self, parts: Mapping[str, bytes]) -> None:
        """Take over parts; what is damaged is repaired from this copy."""
        for part, data in parts.items():
            try:
                self.state.restore(part, data)
            except ValueError as error:
                self._roll_back((part,))
                self.state.changed.add(part)
                self._report(
                    f"A part of what {self._store.description} holds was damaged ({error}); it is rewritten "
                    "from this process's copy."
                )
            else:
                self._saved[part] = data

    def _roll_back(self, parts: Iterable[str]) -> None:
        """Restore parts to what was last written."""
        for part in tuple(parts):
            saved = self._saved.get(part)
            if saved is None:
                self.state.clear(part)
            else:
                self.state.restore(part, saved)
            self.state.changed.discard(part)

    def _go_offline(self, error: Exception) -> None:
        self.in_place = True
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
