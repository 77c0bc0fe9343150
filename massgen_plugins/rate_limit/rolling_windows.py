"""Counters of sliding windows and of concurrent calls, in bounded memory: a ring of cells. Pure.

Time is in integer nanoseconds: floating-point seconds would admit one call too many at the window's edge.

Every amount has a *stamp*: the latest time at which the server can have counted it. Stamps within one step
(a 250th of the window) share a cell that carries the latest of them. So an amount ages out one window after
its stamp: never early, and at most one step late.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import Self

from massgen_plugins.quota import NANOSECONDS
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.reservation import Booking

__all__ = ["LEASE", "HeldCounter", "RollingCounter"]

LEASE = 60 * NANOSECONDS
"""Nanoseconds for which a call under way holds its place without renewal."""

_PLACE_MARGIN = 150_000_000
"""Nanoseconds after the end of an answer within which the server frees its place."""

_STEPS = 250
_PLACE_STEP = NANOSECONDS // 100
"""Calls that end within this many nanoseconds of each other free their places together."""


class RollingCounter:
    """The amounts of one kind in a sliding window.

    Attributes:
        kind: What is counted.
        length: Length of the window in nanoseconds.
        used: The amount in use, after :meth:`advance`.
        stamps: Stamps of the cells, ascending.
        amounts: One for each cell.
        expires: Tick at which the oldest cell ages out; until then :meth:`advance` does nothing.

    Args:
        kind: What is counted.
        length: Length of the window in nanoseconds.
        margin: Longest delay, in nanoseconds, before the server counts a call.
    """

    __slots__ = ("_margin", "_step", "amounts", "expires", "kind", "length", "stamps", "used")

    def __init__(self, kind: str, length: int, margin: int) -> None:
        self.kind = kind
        self.length = length
        self.used = 0
        self.stamps = array("q")
        self.amounts = array("q")
        self.expires = NEVER
        self._margin = margin
        self._step = max(1, length // _STEPS)

    def advance(self, now: Moment) -> None:
        """Drop what has aged out; call before any query at a later moment."""
        if self.expires <= now.tick:
            self._age_out(bisect_right(self.stamps, now.tick - self.length))

    # Queries.

    def level(self, now: Moment, cap: int) -> int:  # noqa: ARG002 - a bucket's depends on its limit
        """The amount in use."""
        self.advance(now)
        return self.used

    def fits(self, now: Moment, cap: int, amount: int) -> bool:
        """Whether ``amount`` fits now."""
        if self.expires <= now.tick:
            self.advance(now)
        return self.used + amount <= cap

    def frees_at(self, now: Moment, cap: int, amount: int) -> int:
        """The tick at which ``amount`` fits if nothing is added; a lower bound beyond one window.

        Args:
            now: The current moment, after :meth:`advance`.
            cap: The limit; positive.
            amount: May exceed the limit: the sum of several calls in a row.
        """
        rounds = max(0, -(-(amount - cap) // cap))
        needed = self.used + amount - rounds * cap - cap
        when = now.tick
        for stamp, freed in zip(self.stamps, self.amounts, strict=True):
            if needed <= 0:
                break
            needed -= freed
            when = stamp + self.length
        return max(now.tick, when) + rounds * self.length

    def clears_at(self, now: Moment, cap: int) -> int:  # noqa: ARG002 - a bucket's depends on its limit
        """The tick at which nothing is in use."""
        return max([now.tick, *(stamp + self.length for stamp in self.stamps[-1:])])

    # Bookings.

    def stamp(self, booking: Booking) -> int:
        """The stamp of a call's booking, from which it ages out."""
        if booking.expected and self.kind in booking.expected:
            return booking.ended if booking.ended != NEVER else booking.seen + LEASE
        return min(booking.begun + self._margin, booking.answered)

    def book(self, booking: Booking, now: Moment) -> None:
        """Book a call."""
        amount = booking.amounts.get(self.kind)
        if amount:
            if self.expires <= now.tick:
                self.advance(now)
            self.add(self.stamp(booking), amount, now)

    def rebook(self, before: Booking, after: Booking, now: Moment) -> None:
        """Replace the booking of a call.

        If the old one has aged out, the new one counts only if its stamp has not: the call was written late.
        """
        stamp, amount = self.stamp(before), before.amounts.get(self.kind, 0)
        new_stamp, new_amount = self.stamp(after), after.amounts.get(self.kind, 0)
        if stamp == new_stamp and amount == new_amount:
            return
        if stamp + self.length <= now.tick:
            if new_stamp > stamp and new_stamp + self.length > now.tick:
                self.add(new_stamp, new_amount, now)
        elif not amount or self._take(stamp, amount):  # else it was forgotten meanwhile
            self.add(new_stamp, new_amount, now)

    def add(self, stamp: int, amount: int, now: Moment) -> None:  # noqa: ARG002 - other counters use it
        """Add an amount that ages out one window after ``stamp``."""
        if not amount:
            return
        self.used += amount
        stamps, start = self.stamps, stamp - stamp % self._step
        at = len(stamps)
        if stamps and stamps[-1] >= start:  # else it is the latest
            at = bisect_left(stamps, start)
            if stamps[at] < start + self._step:
                self.amounts[at] += amount
                if stamp > stamps[at]:
                    stamps[at] = stamp
                    if not at:
                        self.expires = stamp + self.length
                return
        stamps.insert(at, stamp)
        self.amounts.insert(at, amount)
        if not at:
            self.expires = stamp + self.length

    def merge(self, own: Self, base: Self, lost_since: int | None) -> None:
        """Add what a process has booked apart from the others, to their copy.

        Args:
            own: Its copy.
            base: What both copies were when they parted.
            lost_since: None if the others' copy contains ``base``. If it may not: the tick at which they
                parted. Of what is older, the larger amount counts; what is younger is in one copy only.
        """
        theirs, mine, before = self._cells(), own._cells(), base._cells()
        nothing = (0, 0)
        for number in before.keys() | mine.keys():
            stamp, amount = theirs.get(number, nothing)
            known_stamp, known = before.get(number, nothing)
            own_stamp, own_amount = mine.get(number, nothing)
            if lost_since is not None:
                amount = max(amount, known) if known_stamp <= lost_since else amount + known
            theirs[number] = max(stamp, known_stamp, own_stamp), max(0, amount + own_amount - known)
        cells = sorted(cell for cell in theirs.values() if cell[1])
        self.stamps = array("q", [stamp for stamp, _ in cells])
        self.amounts = array("q", [amount for _, amount in cells])
        self._recount()

    # Serialization.

    def dump(self, pieces: list[bytes | array[int]]) -> None:
        """Append the serialized counter: number of cells, stamps, amounts."""
        pieces += (array("q", (len(self.stamps),)), self.stamps, self.amounts)

    def restore(self, numbers: array[int], at: int) -> int:
        """Load what :meth:`dump` wrote at index ``at``; returns the index after it.

        Raises:
            ValueError, LookupError: It is damaged.
        """
        count = numbers[at]
        middle, end = at + 1 + count, at + 1 + 2 * count
        if count < 0 or end > len(numbers) or min(numbers[middle:end], default=0) < 0:
            raise ValueError("a counter is damaged")
        self.stamps, self.amounts = numbers[at + 1 : middle], numbers[middle:end]
        self._recount()
        return end

    # Cells.

    def _take(self, stamp: int, amount: int) -> bool:
        """Subtract an amount from a stamp's cell, and drop the cell if empty; False if there is none."""
        stamps, start = self.stamps, stamp - stamp % self._step
        at = bisect_left(stamps, start)
        if at == len(stamps) or stamps[at] >= start + self._step:
            return False
        known = self.amounts[at]
        if known > amount:
            self.amounts[at] = known - amount
            self.used -= amount
        else:
            self.used -= known
            del stamps[at], self.amounts[at]
            if not at:
                self.expires = stamps[0] + self.length if stamps else NEVER
        return True

    def _age_out(self, count: int) -> None:
        """Drop the oldest ``count`` cells."""
        self.used -= sum(self.amounts[:count])
        del self.stamps[:count], self.amounts[:count]
        self.expires = self.stamps[0] + self.length if self.stamps else NEVER

    def _cells(self) -> dict[int, tuple[int, int]]:
        """Stamp and amount of each cell, by the number of its step."""
        rows = zip(self.stamps, self.amounts, strict=True)
        return {stamp // self._step: (stamp, amount) for stamp, amount in rows}

    def _recount(self) -> None:
        self.used = sum(self.amounts)
        self.expires = self.stamps[0] + self.length if self.stamps else NEVER


class HeldCounter(RollingCounter):
    """Concurrent calls: each holds its place until it ends or its lease lapses."""

    __slots__ = ()

    def __init__(self, kind: str) -> None:
        super().__init__(kind, 0, LEASE)
        self._step = _PLACE_STEP

    def stamp(self, booking: Booking) -> int:
        """When a call frees its place, as far as known."""
        return booking.ended + _PLACE_MARGIN if booking.ended != NEVER else booking.seen + LEASE

    def frees_at(self, now: Moment, cap: int, amount: int) -> int:
        """When the next lease lapses; a call that ends earlier triggers a decision anyway."""
        return now.tick if self.fits(now, cap, amount) else max([now.tick, *self.stamps[:1]])
