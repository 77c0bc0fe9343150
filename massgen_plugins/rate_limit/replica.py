"""This process's copy of one domain, kept in step with a store by compare-and-swap.

While the store cannot be used, the copy goes on by itself, and what was booked meanwhile is booked again when
the store is back. A process that knows of n that share the domain then takes an nth of what was left.
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
"""Seconds until a failed store is tried again."""

_ENROL = 60_000_000_000
"""Nanoseconds after which a process shows again that it uses a domain."""

_MOST_TRIES = 1000

_OPEN_TO_ALL = nullcontext()
"""In place of a turn, for as long as nobody else is seen to write: a swap is a transaction of its own."""


class DomainReplica:
    """One domain.

    Args:
        domain: Which.
        store: Where it is kept.
        process: Names this process; empty for one that makes no calls, and has no share in the quota.
        report: Told, in one sentence, of what is wrong with what the store holds.
        changed: Told when the store fails and when it works again, and why; ``report`` if None.
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
        self._version = -1  # it was never loaded
        self._known = 0  # the last version that the copy agreed with
        self._overtaken = False  # by others, when it was in the store last
        self._kept_alone: int | None = None
        self._synced = 0
        self._saved: dict[str, bytes] = {}
        self._pace: wall_clock.Pace | None = None
        self._retry_at = 0.0
        self._rebooked = False
        self.alone = False
        """Whether the store cannot be used at present."""
        self.fault = ""
        """Why it could not be used last, in one sentence."""

    def moment(self) -> Moment:
        """What time it is for the domain. Never blocks."""
        tick, sample = self._store.tick(), self.state.facts.clock
        if sample is None or sample.when > tick + NANOSECONDS:  # of another clock
            return Moment(tick, self._store.start().wall())
        pace = self._pace
        if pace is None or pace.sample is not sample or tick >= pace.until:
            pace = self._pace = wall_clock.pace_of(sample, tick, self._store.start())
        return Moment(tick, tick + pace.offset, pace.slack)

    def transact(self, work: Callable[[DomainState, Moment], T], *, patient: bool = False) -> T:
        """Do ``work`` on the state as everybody knows it, and let everybody know the outcome.

        Args:
            work: Decides and changes the state; done again when somebody else was quicker.
            patient: Whether this thread may stand still.

        Raises:
            StoreBusy: The store has to be waited for, and this thread is not patient. Nothing happened.
        """
        if not self._store.shared:
            return self._by_myself(work)
        if self.alone and (not patient or time.monotonic() < self._retry_at):
            if time.monotonic() >= self._retry_at:
                raise StoreBusy  # a thread that may stand still finds out whether it works again
            return self._by_myself(work)
        if self._version < 0 and not patient:
            raise StoreBusy  # the first look may take long
        try:
            return self._exchange_again(work, patient=patient)
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
        except BaseException:  # of the work itself
            self._revert()
            raise
        self._go_alone(error)
        return self._by_myself(work)

    def forget(self) -> None:
        """Begin the domain anew, for everybody; to be called in a thread that may stand still."""
        epoch = time.time_ns()
        self.transact(lambda state, _: state.begin_anew(epoch), patient=True)

    def forked(self, process: str) -> None:
        """Go on in a forked child: what the parent was doing is not done."""
        self._process = process
        self._revert()
        self.state.rename(process)

    def _by_myself(self, work: Callable[[DomainState, Moment], T]) -> T:
        self.state.changed.clear()
        return work(self.state, self.moment())

    def _exchange_again(self, work: Callable[[DomainState, Moment], T], *, patient: bool) -> T:
        try:
            return self._exchange(work, patient=patient)
        except StoreReplaced:
            if not patient:
                raise
            self._revert()
            return self._exchange(work, patient=patient)

    def _exchange(self, work: Callable[[DomainState, Moment], T], *, patient: bool) -> T:
        store, state = self._store, self.state
        with store.turn(patient=patient) if self._overtaken else _OPEN_TO_ALL:
            if self._version < 0 or self.alone:
                self._take_over(store.load(self.name, 0, patient=patient))
            elif self._overtaken and store.quick:  # others write often: look first, rather than decide twice
                self._overtaken = self._look(patient=patient)
            for _ in range(_MOST_TRIES):
                now = self.moment()
                self._kept_alone = state.booked_alone
                result = work(state, now)
                new, parts = self._changes(now)
                if not parts:
                    if not self._look(patient=patient):
                        break
                    continue
                newer = store.swap(self.name, self._version, new, parts, patient=patient)
                if newer is None:
                    break
                self._overtaken = True
                self._take_over(newer)
            else:
                raise StoreUnavailable(f"{store.description} never lets this process write.")
        if parts:
            self._saved.update(parts)
            self._version = self._known = new
            self._synced = now.tick
            state.changed.clear()
        self._works_again()
        return result

    def _changes(self, now: Moment) -> tuple[int, dict[str, bytes]]:
        """What is to be written, and under which version."""
        state = self.state
        if not state.changed:
            return self._version, {}
        seen = state.facts.members.get(self._process, -_ENROL)
        if self._process and now.tick - seen >= _ENROL:
            state.facts.enrol(self._process, now.tick)
            state.changed.add(FACTS)
        return self._version + 1 if self._version else first_version(), {
            part: state.dump(part) for part in state.changed
        }

    def _look(self, *, patient: bool) -> bool:
        """Know what others have written; False if there is nothing new."""
        snapshot = self._store.load(self.name, self._version, patient=patient)
        if snapshot.version == self._version:
            return False
        self._take_over(snapshot)
        return True

    def _take_over(self, snapshot: Snapshot) -> None:
        """Know what others have written, and let go of what was changed and lost against it."""
        lost = self._known > 0 and not same_domain(snapshot.version, self._known)
        if lost:
            snapshot = self._store.load(self.name, 0, patient=True)
        self._take_back(part for part in self.state.changed if lost or part not in snapshot.parts)
        self._version = snapshot.version
        known = self.state.parts if lost else ()
        if lost and self.alone:
            self._take_back(part for part in known if part.startswith(BOOK))
        for part, data in snapshot.parts.items():
            if lost:
                self._merge(part, data)
            else:
                self._restore(part, data)
        if lost:  # the file was deleted, the server forgot: it is told again
            self.state.changed.update(known)
            if self.alone:
                self._rebook()
            return
        self._known = self._version
        if self.alone:
            missing = [part for part in self.state.parts if part not in snapshot.parts]
            self._take_back(part for part in missing if part.startswith(BOOK))
            self._rebook()
            self.state.changed.update(missing)

    def _restore(self, part: str, data: bytes) -> None:
        try:
            self.state.restore(part, data)
        except ValueError as error:
            self._take_back((part,))
            self.state.changed.add(part)  # this process goes on from what it knows, and everybody with it
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
        self.state.rebook_since_alone(self.moment())

    def _revert(self) -> None:
        """Take back what was changed and not written."""
        self._take_back()
        if self._rebooked:  # the way back has failed
            self._rebook()
            self._rebooked = False
        self.state.changed.clear()

    def _take_back(self, parts: Iterable[str] | None = None) -> None:
        """Let parts, or all that was changed, be as they were written last."""
        for part in tuple(self.state.changed if parts is None else parts):
            saved = self._saved.get(part)
            if saved is None:
                self.state.clear(part)
            else:
                self.state.restore(part, saved)
            self.state.changed.discard(part)
        if self._kept_alone is not None:
            self.state.keep_alone(self._kept_alone)
            self._kept_alone = None

    def _go_alone(self, error: Exception) -> None:
        self._retry_at = time.monotonic() + _RETRY
        self.fault = str(error)
        if self.alone:
            return
        self.alone = True
        now = self.moment()
        others = self.state.facts.others(self._process, now.tick)
        self.state.go_alone(now, 1 + others)
        share = f", as one of {1 + others} equal shares," if others else ""
        self._changed(
            False, f"{error} The quota is kept in memory of this process{share} until the store works again."
        )

    def _works_again(self) -> None:
        self._rebooked, self._kept_alone = False, None
        if self.alone:
            self.alone = False
            self.state.come_back()
            self._changed(True, f"{self._store.description} works again; the quota is shared.")
