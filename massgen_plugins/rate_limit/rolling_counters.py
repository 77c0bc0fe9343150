"""What was spent in a rolling window, in a token bucket, or is held; in bounded memory. Pure.

Time is in integer nanoseconds: with floating-point seconds one call too many fits exactly at the edge.

Amounts are kept by their *stamp*: the latest time at which the server can have counted them. Stamps within
one step (a 250th of the window) share an entry that carries the latest of them, so whatever is spent ages out
one window after its stamp: never too early, and at most one step late.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

from massgen_plugins.quota import NANOSECONDS
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.reservation import Booking

__all__ = ["LEASE", "BucketCounter", "HeldCounter", "RollingCounter"]

LEASE = 60 * NANOSECONDS
"""Nanoseconds for which a call under way holds its place without its process showing that it lives."""

_PLACE_MARGIN = 150_000_000
"""Nanoseconds after the end of an answer by which the server has surely given its place to others."""

_STEPS = 250


class RollingCounter:
    """What counts in a sliding window.

    Attributes:
        kind: What is counted.
        used: What counts now, after :meth:`advance`.
        margin: Nanoseconds that a call may take to the server's count.
        expires: Tick at which the oldest of it ages out; until then :meth:`advance` does nothing.
    """

    __slots__ = ("_amounts", "_length", "_stamps", "_step", "expires", "kind", "margin", "used")

    def __init__(self, kind: str, length: int, margin: int) -> None:
        self.kind = kind
        self.margin = margin
        self.used = 0
        self.expires = NEVER
        self._length = length
        self._step = max(1, (length or margin) // _STEPS)
        self._stamps = array("q")
        self._amounts = array("q")

    def advance(self, now: Moment) -> None:
        """Forget what has aged out; to be called before anything is asked at a later moment."""
        if self.expires <= now.tick:
            count = bisect_right(self._stamps, now.tick - self._length)
            self.used -= sum(self._amounts[:count])
            del self._stamps[:count]
            del self._amounts[:count]
            self.expires = self._stamps[0] + self._length if self._stamps else NEVER

    def fits(self, now: Moment, cap: int, amount: int) -> bool:
        """Whether ``amount`` can be added now."""
        if self.expires <= now.tick:
            self.advance(now)
        return self.used + amount <= cap

    def book(self, booking: Booking, amount: int, now: Moment) -> None:
        """Spend ``amount`` for a call that is admitted now."""
        if self.expires <= now.tick:
            self.advance(now)
        self.add(self.stamp(booking), amount)

    def rebook(self, before: Booking, after: Booking, now: Moment) -> None:
        """Book what is true of a call by now, in place of what was booked."""
        amount, new_amount = before.amounts.get(self.kind, 0), after.amounts.get(self.kind, 0)
        if amount or new_amount:
            stamp, new_stamp = self.stamp(before), self.stamp(after)
            if stamp != new_stamp or amount != new_amount:
                self.change(now, stamp, amount, new_stamp, new_amount)

    def stamp(self, booking: Booking) -> int:
        """From when on a call ages out, as far as is known of it."""
        if booking.expected and self.kind in booking.expected:
            return booking.over if booking.over != NEVER else booking.seen + LEASE
        latest = booking.begun + self.margin
        return min(latest, booking.answered)

    def frees_at(self, now: Moment, cap: int, amount: int) -> int:
        """The tick at which ``amount`` will fit if nothing is added; from below, if beyond one window.

        Args:
            now: After :meth:`advance`.
            cap: The limit; above zero.
            amount: May be more than the limit: what several calls ask for, one after the other.
        """
        rounds, needed = 0, self.used + amount - cap
        if amount > cap:
            rounds = -(-(amount - cap) // cap)
            needed = self.used + amount - rounds * cap - cap
        when = now.tick
        for stamp, freed in zip(self._stamps, self._amounts, strict=True):
            if needed <= 0:
                break
            needed -= freed
            when = stamp + self._length
        return max(now.tick, when) + rounds * self._length

    def add(self, stamp: int, amount: int) -> None:
        """Spend ``amount``, to age out one window after ``stamp``."""
        self.used += amount
        stamps, amounts = self._stamps, self._amounts
        start = stamp - stamp % self._step  # of the step
        if not stamps or stamps[-1] < start:
            at = len(stamps)
            stamps.append(stamp)
            amounts.append(amount)
        else:
            at = bisect_left(stamps, start)
            if stamps[at] >= start + self._step:
                stamps.insert(at, stamp)
                amounts.insert(at, amount)
            else:
                amounts[at] += amount
                if stamp <= stamps[at]:
                    return
                stamps[at] = stamp
        if not at:
            self.expires = stamp + self._length

    def change(self, now: Moment, stamp: int, amount: int, new_stamp: int, new_amount: int) -> None:
        """Let what was added as ``amount`` with ``stamp`` be another amount with another stamp.

        If it has aged out, only a stamp that has not counts: that of a call which was written so late.
        """
        if stamp + self._length <= now.tick:
            if new_amount and new_stamp > stamp and new_stamp + self._length > now.tick:
                self.add(new_stamp, new_amount)
            return
        if amount:
            stamps, amounts = self._stamps, self._amounts
            start = stamp - stamp % self._step
            at = len(stamps) - 1 if stamps and stamps[-1] == stamp else bisect_left(stamps, start)
            if at == len(stamps) or stamps[at] >= start + self._step:
                return
            left = amounts[at] - amount
            self.used -= amount if left >= 0 else amount + left
            if left > 0:
                amounts[at] = left
            else:
                del stamps[at], amounts[at]
                if not at:
                    self.expires = stamps[0] + self._length if stamps else NEVER
        if new_amount:
            self.add(new_stamp, new_amount)

    def clears_at(self, now: Moment, cap: int) -> int:  # noqa: ARG002 - other windows ask
        """The tick at which nothing counts any more."""
        return max(now.tick, self._stamps[-1] + self._length) if self.used and self._stamps else now.tick

    def merge(self, other: RollingCounter, since: int) -> None:
        """Count what another copy has, too; what is older than tick ``since`` is in both: the larger one."""
        mine = {stamp // self._step: at for at, stamp in enumerate(self._stamps)}
        more = []
        for stamp, amount in zip(other._stamps, other._amounts, strict=True):
            at = mine.get(stamp // self._step)
            known = self._amounts[at] if at is not None and stamp <= since else 0
            more.append((stamp, max(0, amount - known)))
        for stamp, amount in more:
            self.add(stamp, amount)

    def dump(self, pieces: list[bytes | array[int]]) -> None:
        """Append all of it, for a store: how many entries, their stamps, their amounts."""
        pieces += (array("q", (len(self._stamps),)), self._stamps, self._amounts)

    def restore(self, numbers: array[int], at: int) -> int:
        """Hold what :meth:`dump` wrote from an index on; returns the index after it."""
        middle = at + 1 + numbers[at]
        end = middle + numbers[at]
        if not at < middle <= end <= len(numbers):
            raise ValueError("a counter has another length than it says")
        stamps, amounts = numbers[at + 1 : middle], numbers[middle:end]
        if min(amounts, default=0) < 0:
            raise ValueError("a counter holds less than nothing")
        self._stamps, self._amounts, self.used = stamps, amounts, sum(amounts)
        self.expires = stamps[0] + self._length if stamps else NEVER
        return end


class HeldCounter(RollingCounter):
    """Calls under way: each holds its place until it is over, or its lease has lapsed."""

    __slots__ = ()

    def __init__(self, kind: str) -> None:
        super().__init__(kind, 0, LEASE)

    def stamp(self, booking: Booking) -> int:
        """Until when a call holds its place, as far as is known of it."""
        return booking.over + _PLACE_MARGIN if booking.over != NEVER else booking.seen + LEASE

    def frees_at(self, now: Moment, cap: int, amount: int) -> int:
        """When the next lease lapses at the latest; a call that ends before that is an event of its own."""
        return now.tick if self.fits(now, cap, amount) else max(now.tick, *self._stamps[:1])


class BucketCounter(RollingCounter):
    """A token bucket, computed from stamps: earlier calls came as late as possible, the next one comes now.

    What is in the bucket is kept as a time: until when it would leak if nothing were added. Entries older
    than one window can change no more and are folded into that.

    Attributes:
        drained: The tick at which what was folded has leaked away.
        cap: The limit under which it was computed; 0 before the first question.
    """

    __slots__ = ("cap", "drained")

    def __init__(self, kind: str, length: int, margin: int) -> None:
        super().__init__(kind, length, margin)
        self.drained = 0
        self.cap = 0

    def advance(self, now: Moment) -> None:
        """Fold what is older than one window."""
        while self.expires <= now.tick:
            stamp, amount = self._stamps.pop(0), self._amounts.pop(0)
            if self.cap:  # else there was no limit yet
                self.drained = min(NEVER, max(self.drained, stamp) + self._span(amount, self.cap))
            self.used -= amount
            self.expires = self._stamps[0] + self._length if self._stamps else NEVER

    def fits(self, now: Moment, cap: int, amount: int) -> bool:
        """Whether ``amount`` can be added now."""
        self.advance(now)
        return self._leaks_until(now.tick, cap) + amount * self._length <= (now.tick + self._length) * cap

    def frees_at(self, now: Moment, cap: int, amount: int) -> int:
        """The tick at which ``amount`` will fit if nothing is added; from below, if more than ``cap``."""
        self._fill_by(now.tick, cap)
        wanted, full = amount * self._length, cap * self._length
        until, later, when = self.drained * cap, self.used * self._length, now.tick
        for stamp, earlier in zip(self._stamps, self._amounts, strict=True):
            if stamp > when:  # until then it may come after this one
                if later + wanted <= full:
                    free = max(when, -(-(until + later + wanted - full) // cap))
                    if free <= stamp:
                        return free
                when = stamp
            until = max(until, stamp * cap) + earlier * self._length
            later -= earlier * self._length
        return max(when, -(-(max(until, when * cap) + wanted - full) // cap))

    def level(self, now: Moment, cap: int) -> int:
        """What is in the bucket."""
        return -(-(self._leaks_until(now.tick, cap) - now.tick * cap) // self._length)

    def clears_at(self, now: Moment, cap: int) -> int:
        """The tick at which the bucket is full again."""
        latest = max(now.tick, *self._stamps[-1:])
        return -(-self._leaks_until(latest, cap) // cap)

    def merge(self, other: RollingCounter, since: int) -> None:
        """Count what another copy has, too."""
        super().merge(other, since)
        if isinstance(other, BucketCounter) and other.drained > self.drained:
            self.drained, self.cap = other.drained, other.cap

    def dump(self, pieces: list[bytes | array[int]]) -> None:
        """As of a window, and the folded part before it."""
        pieces.append(array("q", (self.drained, self.cap)))
        super().dump(pieces)

    def restore(self, numbers: array[int], at: int) -> int:
        """Hold what :meth:`dump` wrote."""
        if numbers[at + 1] < 0:
            raise ValueError("a bucket is damaged")
        self.drained, self.cap = numbers[at], numbers[at + 1]
        return super().restore(numbers, at + 2)

    def _fill_by(self, when: int, cap: int) -> None:
        """Let it be a bucket of ``cap``: what is in it stays, its leak changes."""
        if cap != self.cap:
            left = max(0, self.drained - when)
            self.drained = when + -(-left * self.cap // cap) if left else 0
            self.cap = cap

    def _leaks_until(self, when: int, cap: int) -> int:
        """Until when it leaks, if the earlier calls have come as late as possible, and by tick ``when``.

        In nanoseconds times ``cap``, so that nothing is rounded: a full bucket takes exactly its capacity.
        """
        self._fill_by(when, cap)
        until = self.drained * cap
        for stamp, amount in zip(self._stamps, self._amounts, strict=True):
            until = max(until, min(stamp, when) * cap) + amount * self._length
        return max(until, when * cap)

    def _span(self, amount: int, cap: int) -> int:
        return -(-amount * self._length // cap)
