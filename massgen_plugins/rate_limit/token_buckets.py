"""Counters of token buckets. Pure."""

from __future__ import annotations

from array import array
from typing import Self

from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.rolling_windows import RollingCounter

__all__ = ["BucketCounter"]


class BucketCounter(RollingCounter):
    """A token bucket, computed from stamps: earlier calls as late as possible, the next one now.

    The level is kept as a time: when the bucket would run empty if nothing were added (as in GCRA). Cells
    older than one window are final, and are folded into that time.

    Attributes:
        drained: The tick at which the folded part runs empty.
        cap: The limit it was computed for; 0 before the first query.
    """

    __slots__ = ("cap", "drained")

    def __init__(self, kind: str, length: int, margin: int) -> None:
        super().__init__(kind, length, margin)
        self.drained = 0
        self.cap = 0

    def level(self, now: Moment, cap: int) -> int:
        """The amount in use."""
        if not cap:
            return super().level(now, cap)
        return -(-(self._leaks_until(now.tick, cap) - now.tick * cap) // self.length)

    def fits(self, now: Moment, cap: int, amount: int) -> bool:
        """Whether ``amount`` fits now."""
        self.advance(now)
        return self._leaks_until(now.tick, cap) + amount * self.length <= (now.tick + self.length) * cap

    def frees_at(self, now: Moment, cap: int, amount: int) -> int:
        """The tick at which ``amount`` fits if nothing is added; a lower bound if above ``cap``."""
        self._fill_by(now.tick, cap)
        wanted, full = amount * self.length, cap * self.length
        until, later, when = self.drained * cap, self.used * self.length, now.tick
        for stamp, earlier in zip(self.stamps, self.amounts, strict=True):
            if stamp > when:  # before its stamp, the server may count it after this one
                if later + wanted <= full:
                    free = max(when, -(-(until + later + wanted - full) // cap))
                    if free <= stamp:
                        return free
                when = stamp
            until = max(until, stamp * cap) + earlier * self.length
            later -= earlier * self.length
        return max(when, -(-(max(until, when * cap) + wanted - full) // cap))

    def clears_at(self, now: Moment, cap: int) -> int:
        """The tick at which the bucket is empty."""
        latest = max([now.tick, *self.stamps[-1:]])
        return -(-self._leaks_until(latest, max(cap, 1)) // max(cap, 1))

    def merge(self, own: Self, base: Self, lost_since: int | None) -> None:
        """Add what a process has booked apart; see :meth:`RollingCounter.merge`."""
        super().merge(own, base, lost_since)
        self.drained, self.cap = max((each.drained, each.cap) for each in (self, own, base))

    def dump(self, pieces: list[bytes | array[int]]) -> None:
        """Append the serialized counter, with its folded part."""
        super().dump(pieces)
        pieces.append(array("q", (self.drained, self.cap)))

    def restore(self, numbers: array[int], at: int) -> int:
        """Load what :meth:`dump` wrote at index ``at``; returns the index after it."""
        at = super().restore(numbers, at)
        self.drained, self.cap = numbers[at : at + 2]
        if self.cap < 0:
            raise ValueError("a bucket is damaged")
        return at + 2

    def _age_out(self, count: int) -> None:
        """Fold the oldest ``count`` cells."""
        for stamp, amount in zip(self.stamps[:count], self.amounts, strict=False):
            if self.cap:  # 0 until the first query
                span = -(-amount * self.length // self.cap)
                self.drained = min(NEVER, max(self.drained, stamp) + span)
        super()._age_out(count)

    def _fill_by(self, when: int, cap: int) -> None:
        """Change the limit to ``cap``: the level stays, the drain rate changes."""
        if cap != self.cap:
            left = max(0, self.drained - when)
            self.drained = when + -(-left * self.cap // cap) if left else 0
            self.cap = cap

    def _leaks_until(self, when: int, cap: int) -> int:
        """When it runs empty, if earlier calls came as late as possible, but by tick ``when``.

        In nanoseconds times ``cap``, so that nothing is rounded: an empty bucket takes exactly its capacity.
        """
        self._fill_by(when, cap)
        until = self.drained * cap
        for stamp, amount in zip(self.stamps, self.amounts, strict=True):
            until = max(until, min(stamp, when) * cap) + amount * self.length
        return max(until, when * cap)
