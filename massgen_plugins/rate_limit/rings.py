"""What was spent in a sliding window, in bounded memory: cells of the window, and amounts of each kind. Pure.

Time is in integer nanoseconds: with floating-point seconds one call too many fits exactly at the edge.

Amounts are kept by their *stamp*: the latest time at which the server can have counted them. Stamps within
one step (a 250th of the window) share a cell that carries the latest of them, so whatever is spent ages out
one window after its stamp: never too early, and at most one step late.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

from massgen_plugins.quota import NANOSECONDS, Amounts
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.reservation import Booking

__all__ = ["LEASE", "HeldRing", "Ring", "RollingCounter"]

LEASE = 60 * NANOSECONDS
"""Nanoseconds for which a call under way holds its place without its process showing that it lives."""

_PLACE_MARGIN = 150_000_000
"""Nanoseconds after the end of an answer by which the server has surely given its place to others."""

_STEPS = 250
_PLACE_STEP = NANOSECONDS // 100
"""Calls that end within so many nanoseconds give back their places together."""


class Ring:
    """The cells of one window.

    Attributes:
        length: Of the window, in nanoseconds.
        stamps: Of the cells, in their order.
        counters: One for each kind; each has an amount in every cell.
        expires: Tick at which the oldest cell ages out; until then :meth:`advance` does nothing.

    Args:
        length: Nanoseconds.
        margin: Nanoseconds that a call may take to the server's count.
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
        """Forget what has aged out; to be called before anything is asked at a later moment."""
        if self.expires <= now.tick:
            count = bisect_right(self.stamps, now.tick - self.length)
            for counter in self.counters:
                counter.age_out(count)
            del self.stamps[:count]
            self.expires = self.stamps[0] + self.length if self.stamps else NEVER

    def book(self, booking: Booking, now: Moment) -> None:
        """Spend for a call that is admitted now."""
        if self.expires <= now.tick:
            self.advance(now)
        if booking.expected:
            for kind, amount in booking.amounts.items():
                self.spend(self.stamp(booking, kind), {kind: amount})
        else:
            self.spend(self.stamp(booking, ""), booking.amounts)

    def rebook(self, before: Booking, after: Booking, now: Moment) -> None:
        """Let what is true of a call by now be spent in place of what was booked."""
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
        """From when on a call ages out, as far as is known of it."""
        if booking.expected and kind in booking.expected:
            return booking.over if booking.over != NEVER else booking.seen + LEASE
        return min(booking.begun + self._margin, booking.answered)

    def spend(self, stamp: int, amounts: Amounts) -> None:
        """Spend amounts, to age out one window after ``stamp``."""
        at = -1
        for counter in self.counters:
            amount = amounts.get(counter.kind)
            if amount:
                if at < 0:
                    at = self._cell(stamp)
                counter.amounts[at] += amount
                counter.used += amount

    def change(self, now: Moment, stamp: int, amounts: Amounts, new_stamp: int, new_amounts: Amounts) -> None:
        """Let what was spent with ``stamp`` be other amounts with another stamp.

        If it has aged out, only a stamp that has not counts: that of a call which was written so late.
        """
        if stamp + self.length <= now.tick:
            if new_stamp > stamp and new_stamp + self.length > now.tick:
                self.spend(new_stamp, new_amounts)
            return
        stamps, start = self.stamps, stamp - stamp % self._step
        at = len(stamps) - 1 if stamps and stamps[-1] == stamp else bisect_left(stamps, start)
        if at == len(stamps) or stamps[at] >= start + self._step:  # nothing of it is there
            self.spend(new_stamp, {kind: each for kind, each in new_amounts.items() if not amounts.get(kind)})
            return
        missing = self._take(at, amounts)
        if missing:
            new_amounts = {kind: each for kind, each in new_amounts.items() if kind not in missing}
        self.spend(new_stamp, new_amounts)

    def merge(self, other: Ring, since: int) -> None:
        """Count what another copy has, too; what is older than tick ``since`` is in both: the larger one."""
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
        """Append all of it, for a store: how many cells, their stamps, the amounts and more of each kind."""
        pieces += (array("q", (len(self.stamps),)), self.stamps)
        for counter in self.counters:
            more = counter.dump()
            pieces += (counter.amounts, array("q", more)) if more else (counter.amounts,)

    def restore(self, numbers: array[int], at: int) -> int:
        """Hold what :meth:`dump` wrote from an index on; returns the index after it."""
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
        """Let there be less in a cell, and no cell if nothing is left; returns the kinds that it lacks."""
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
        """Where the cell of a stamp is; made if there was none."""
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
    """Calls under way: each holds its place until it is over, or its lease has lapsed."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(0, LEASE)
        self._step = _PLACE_STEP

    def stamp(self, booking: Booking, kind: str) -> int:  # noqa: ARG002 - all kinds alike
        """Until when a call holds its place, as far as is known of it."""
        return booking.over + _PLACE_MARGIN if booking.over != NEVER else booking.seen + LEASE


class RollingCounter:
    """What counts of one kind in a sliding window.

    Attributes:
        kind: What is counted.
        used: What counts now, after :meth:`advance`.
        ring: Says when it ages out.
        amounts: In each cell of the ring.

    Args:
        kind: What is counted.
        ring: That of the window.
    """

    __slots__ = ("amounts", "kind", "ring", "used")

    def __init__(self, kind: str, ring: Ring) -> None:
        self.kind = kind
        self.ring = ring
        self.amounts = array("q", bytes(8 * len(ring.stamps)))
        self.used = 0
        ring.counters.append(self)

    def advance(self, now: Moment) -> None:
        """Forget what has aged out; to be called before anything is asked at a later moment."""
        self.ring.advance(now)

    def fits(self, now: Moment, cap: int, amount: int) -> bool:
        """Whether ``amount`` can be added now."""
        if self.ring.expires <= now.tick:
            self.ring.advance(now)
        return self.used + amount <= cap

    def frees_at(self, now: Moment, cap: int, amount: int) -> int:
        """The tick at which ``amount`` will fit if nothing is added; from below, if beyond one window.

        Args:
            now: After :meth:`advance`.
            cap: The limit; above zero.
            amount: May be more than the limit: what several calls ask for, one after the other.
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
        """Spend for a call that left before it was known that this kind counts."""
        self.ring.advance(now)
        self.add(self.ring.stamp(booking, self.kind), booking.amounts.get(self.kind, 0))

    def add(self, stamp: int, amount: int) -> None:
        """Spend ``amount``, to age out one window after ``stamp``."""
        self.ring.spend(stamp, {self.kind: amount})

    def clears_at(self, now: Moment, cap: int) -> int:  # noqa: ARG002 - other windows ask
        """The tick at which nothing counts any more."""
        cells = zip(self.ring.stamps, self.amounts, strict=True)
        return max([now.tick, *(stamp + self.ring.length for stamp, amount in cells if amount)])

    def age_out(self, count: int) -> None:
        """The oldest cells of the ring count no more."""
        self.used -= sum(self.amounts[:count])
        del self.amounts[:count]

    def merge(self, other: object) -> None:
        """Count what another copy has beside its ring, too."""

    def dump(self) -> tuple[int, ...]:
        """What it has beside its ring, for a store."""
        return ()

    def restore(self, numbers: array[int]) -> None:
        """Hold what :meth:`dump` said; raises ValueError if it is damaged."""
