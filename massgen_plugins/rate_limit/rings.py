"""Counters of sliding windows, in bounded memory: a ring of cells, each with an amount of each kind. Pure.

Time is in integer nanoseconds: floating-point seconds would admit one call too many at the window's edge.

Every amount has a *stamp*: the latest time at which the server can have counted it. Stamps within one step
(a 250th of the window) share a cell that carries the latest of them. So an amount ages out one window after
its stamp: never early, and at most one step late.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

from massgen_plugins.quota import NANOSECONDS, Amounts
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.reservation import Booking

__all__ = ["LEASE", "HeldRing", "Ring", "RollingCounter"]

LEASE = 60 * NANOSECONDS
"""Nanoseconds for which a call under way holds its place without renewal."""

_PLACE_MARGIN = 150_000_000
"""Nanoseconds after the end of an answer within which the server frees its place."""

_STEPS = 250
_PLACE_STEP = NANOSECONDS // 100
"""Calls that end within this many nanoseconds of each other free their places together."""


class Ring:
    """The cells of one window.

    Attributes:
        length: Length of the window in nanoseconds.
        stamps: Stamps of the cells, ascending.
        counters: One per kind, with an amount for every cell.
        expires: Tick at which the oldest cell ages out; until then :meth:`advance` does nothing.

    Args:
        length: Length of the window in nanoseconds.
        margin: Longest delay, in nanoseconds, before the server counts a call.
    """

    __slots__ = ("_margin", "_step", "counters", "expires", "length", "stamps")

    def __init__(self, length: int, margin: int) -> None:
        self.length = length
        self._margin = margin
        self._step = max(1, length // _STEPS)
        self.stamps = array("q")
        self.counters: list[RollingCounter] = []
        self.expires = NEVER

    def advance(self, now: Moment) -> None:
        """Drop what has aged out; call before any query at a later moment."""
        if self.expires <= now.tick:
            count = bisect_right(self.stamps, now.tick - self.length)
            for counter in self.counters:
                counter.age_out(count)
            del self.stamps[:count]
            self.expires = self.stamps[0] + self.length if self.stamps else NEVER

    def book(self, booking: Booking, now: Moment) -> None:
        """Book a call that is admitted now."""
        if self.expires <= now.tick:
            self.advance(now)
        if booking.expected:
            for kind, amount in booking.amounts.items():
                self.spend(self.stamp(booking, kind), {kind: amount})
        else:
            self.spend(self.stamp(booking, ""), booking.amounts)

    def rebook(self, before: Booking, after: Booking, now: Moment) -> None:
        """Replace the booking of a call."""
        if before.expected:
            for kind in {*before.amounts, *after.amounts}:
                stamp, amount = self.stamp(before, kind), before.amounts.get(kind, 0)
                new_stamp, new_amount = self.stamp(after, kind), after.amounts.get(kind, 0)
                if (stamp, amount) != (new_stamp, new_amount):
                    self.change(now, stamp, {kind: amount}, new_stamp, {kind: new_amount})
            return
        stamp, new_stamp = self.stamp(before, ""), self.stamp(after, "")
        if stamp != new_stamp or before.amounts is not after.amounts:
            self.change(now, stamp, before.amounts, new_stamp, after.amounts)

    def stamp(self, booking: Booking, kind: str) -> int:
        """The stamp of a call's booking, from which it ages out."""
        if booking.expected and kind in booking.expected:
            return booking.ended if booking.ended != NEVER else booking.seen + LEASE
        return min(booking.begun + self._margin, booking.answered)

    def spend(self, stamp: int, amounts: Amounts) -> None:
        """Add amounts that age out one window after ``stamp``."""
        at = -1
        for counter in self.counters:
            amount = amounts.get(counter.kind)
            if amount:
                if at < 0:
                    at = self._cell(stamp)
                counter.amounts[at] += amount
                counter.used += amount

    def change(self, now: Moment, stamp: int, amounts: Amounts, new_stamp: int, new_amounts: Amounts) -> None:
        """Replace amounts at ``stamp`` by new amounts at a new stamp.

        If the old ones have aged out, the new ones count only if theirs has not: the call was written late.
        """
        if stamp + self.length <= now.tick:
            if new_stamp > stamp and new_stamp + self.length > now.tick:
                self.spend(new_stamp, new_amounts)
            return
        stamps, start = self.stamps, stamp - stamp % self._step
        at = len(stamps) - 1 if stamps and stamps[-1] == stamp else bisect_left(stamps, start)
        if at == len(stamps) or stamps[at] >= start + self._step:  # its cell is gone
            self.spend(new_stamp, {kind: each for kind, each in new_amounts.items() if not amounts.get(kind)})
            return
        missing = self._take(at, amounts)
        if missing:
            new_amounts = {kind: each for kind, each in new_amounts.items() if kind not in missing}
        self.spend(new_stamp, new_amounts)

    def merge(self, other: Ring, since: int) -> None:
        """Merge another copy: what is older than tick ``since`` is in both, so the larger amount counts."""
        places = {stamp // self._step: at for at, stamp in enumerate(self.stamps) if stamp <= since}
        mine = {counter.kind: list(counter.amounts) for counter in self.counters}
        for number, stamp in enumerate(other.stamps):
            at = places.get(stamp // self._step) if stamp <= since else None
            more = {
                each.kind: each.amounts[number] - (0 if at is None else mine[each.kind][at])
                for each in other.counters
            }
            self.spend(stamp, {kind: amount for kind, amount in more.items() if amount > 0})

    def dump(self, pieces: list[bytes | array[int]]) -> None:
        """Append the serialized ring: number of cells, stamps, then each counter's amounts and extras."""
        pieces += (array("q", (len(self.stamps),)), self.stamps)
        for counter in self.counters:
            more = counter.dump()
            pieces += (counter.amounts, array("q", more)) if more else (counter.amounts,)

    def restore(self, numbers: array[int], at: int) -> int:
        """Load what :meth:`dump` wrote at index ``at``; returns the index after it."""
        count, at = numbers[at], at + 1
        if not 0 <= count * (1 + len(self.counters)) <= len(numbers) - at:
            raise ValueError("a counter has another length than it says")
        self.stamps = numbers[at : at + count]
        at += count
        for counter in self.counters:
            counter.amounts = numbers[at : at + count]
            if min(counter.amounts, default=0) < 0:
                raise ValueError("a counter holds less than nothing")
            counter.used = sum(counter.amounts)
            at += count
            more = len(counter.dump())
            counter.restore(numbers[at : at + more])
            at += more
        self.expires = self.stamps[0] + self.length if count else NEVER
        return at

    def _take(self, at: int, amounts: Amounts) -> list[str]:
        """Subtract amounts from a cell, and drop it if empty; returns the kinds of which it has nothing."""
        empty, missing = True, []
        for counter in self.counters:
            known, taken = counter.amounts[at], amounts.get(counter.kind, 0)
            if taken:
                if not known:
                    missing.append(counter.kind)
                taken = min(taken, known)
                counter.amounts[at] = known - taken
                counter.used -= taken
            if known > taken:
                empty = False
        if empty:
            for counter in self.counters:
                del counter.amounts[at]
            del self.stamps[at]
            if not at:
                self.expires = self.stamps[0] + self.length if self.stamps else NEVER
        return missing

    def _cell(self, stamp: int) -> int:
        """The index of a stamp's cell, created if missing."""
        stamps, start = self.stamps, stamp - stamp % self._step
        if not stamps or stamps[-1] < start:
            at = len(stamps)
        else:
            at = bisect_left(stamps, start)
            if stamps[at] < start + self._step:
                if stamp > stamps[at]:
                    stamps[at] = stamp
                    if not at:
                        self.expires = stamp + self.length
                return at
        stamps.insert(at, stamp)
        for counter in self.counters:
            counter.amounts.insert(at, 0)
        if not at:
            self.expires = stamp + self.length
        return at


class HeldRing(Ring):
    """Calls under way: each holds its place until it ends or its lease lapses."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(0, LEASE)
        self._step = _PLACE_STEP

    def stamp(self, booking: Booking, kind: str) -> int:  # noqa: ARG002 - all kinds alike
        """When a call frees its place, as far as known."""
        return booking.ended + _PLACE_MARGIN if booking.ended != NEVER else booking.seen + LEASE


class RollingCounter:
    """The amounts of one kind in a sliding window.

    Attributes:
        kind: What is counted.
        used: The amount in use, after :meth:`advance`.
        ring: The window's ring.
        amounts: One for each cell of the ring.

    Args:
        kind: What is counted.
        ring: The window's ring.
    """

    __slots__ = ("amounts", "kind", "ring", "used")

    def __init__(self, kind: str, ring: Ring) -> None:
        self.kind = kind
        self.ring = ring
        self.amounts = array("q", bytes(8 * len(ring.stamps)))
        self.used = 0
        ring.counters.append(self)

    def advance(self, now: Moment) -> None:
        """Drop what has aged out; call before any query at a later moment."""
        self.ring.advance(now)

    def fits(self, now: Moment, cap: int, amount: int) -> bool:
        """Whether ``amount`` fits now."""
        if self.ring.expires <= now.tick:
            self.ring.advance(now)
        return self.used + amount <= cap

    def frees_at(self, now: Moment, cap: int, amount: int) -> int:
        """The tick at which ``amount`` fits if nothing is added; a lower bound beyond one window.

        Args:
            now: The current moment, after :meth:`advance`.
            cap: The limit; positive.
            amount: May exceed the limit: the sum of several calls in a row.
        """
        length = self.ring.length
        rounds, needed = 0, self.used + amount - cap
        if amount > cap:
            rounds = -(-(amount - cap) // cap)
            needed = self.used + amount - rounds * cap - cap
        when = now.tick
        for stamp, freed in zip(self.ring.stamps, self.amounts, strict=True):
            if needed <= 0:
                break
            needed -= freed
            when = stamp + length
        return max(now.tick, when) + rounds * length

    def book(self, booking: Booking, now: Moment) -> None:
        """Book a call that left before this kind was limited."""
        self.ring.advance(now)
        self.add(self.ring.stamp(booking, self.kind), booking.amounts.get(self.kind, 0))

    def add(self, stamp: int, amount: int) -> None:
        """Add ``amount``, which ages out one window after ``stamp``."""
        self.ring.spend(stamp, {self.kind: amount})

    def clears_at(self, now: Moment, cap: int) -> int:  # noqa: ARG002 - other counters use it
        """The tick at which everything has aged out."""
        cells = zip(self.ring.stamps, self.amounts, strict=True)
        return max([now.tick, *(stamp + self.ring.length for stamp, amount in cells if amount)])

    def age_out(self, count: int) -> None:
        """Drop the oldest ``count`` cells."""
        self.used -= sum(self.amounts[:count])
        del self.amounts[:count]

    def merge(self, other: object) -> None:
        """Merge another copy's extras."""

    def dump(self) -> tuple[int, ...]:
        """The extras to serialize beside the ring: none."""
        return ()

    def restore(self, numbers: array[int]) -> None:
        """Load what :meth:`dump` returned; raises ValueError if damaged."""
