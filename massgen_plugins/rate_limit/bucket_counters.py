"""Counters of token buckets and of concurrent calls. Pure."""

from __future__ import annotations

from array import array

from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.rings import Ring, RollingCounter

__all__ = ["BucketCounter", "HeldCounter"]


class HeldCounter(RollingCounter):
    """Concurrent calls."""

    __slots__ = ()

    def frees_at(self, now: Moment, cap: int, amount: int) -> int:
        """When the next lease lapses; a call that ends earlier triggers a decision anyway."""
        return now.tick if self.fits(now, cap, amount) else max([now.tick, *self.ring.stamps[:1]])


class BucketCounter(RollingCounter):
    """A token bucket, computed from stamps: earlier calls as late as possible, the next one now.

    The level is kept as a time: when the bucket would run empty if nothing were added (as in GCRA). Cells
    older than one window are final, and are folded into that time.

    Attributes:
        drained: The tick at which the folded part runs empty.
        cap: The limit it was computed for; 0 before the first query.
    """

    __slots__ = ("cap", "drained")

    def __init__(self, kind: str, ring: Ring) -> None:
        super().__init__(kind, ring)
        self.drained = 0
        self.cap = 0

    def age_out(self, count: int) -> None:
        """Fold the oldest ``count`` cells."""
        for stamp, amount in zip(self.ring.stamps[:count], self.amounts, strict=False):
            if amount and self.cap:  # 0 until the first query
                span = -(-amount * self.ring.length // self.cap)
                self.drained = min(NEVER, max(self.drained, stamp) + span)
        super().age_out(count)

    def fits(self, now: Moment, cap: int, amount: int) -> bool:
        """Whether ``amount`` fits now."""
        self.ring.advance(now)
        length = self.ring.length
        return self._leaks_until(now.tick, cap) + amount * length <= (now.tick + length) * cap

    def frees_at(self, now: Moment, cap: int, amount: int) -> int:
        """The tick at which ``amount`` fits if nothing is added; a lower bound if above ``cap``."""
        self._fill_by(now.tick, cap)
        length = self.ring.length
        wanted, full = amount * length, cap * length
        until, later, when = self.drained * cap, self.used * length, now.tick
        for stamp, earlier in zip(self.ring.stamps, self.amounts, strict=True):
            if stamp > when:  # before its stamp, the server may count it after this one
                if later + wanted <= full:
                    free = max(when, -(-(until + later + wanted - full) // cap))
                    if free <= stamp:
                        return free
                when = stamp
            until = max(until, stamp * cap) + earlier * length
            later -= earlier * length
        return max(when, -(-(max(until, when * cap) + wanted - full) // cap))

    def level(self, now: Moment, cap: int) -> int:
        """The amount in use."""
        return -(-(self._leaks_until(now.tick, cap) - now.tick * cap) // self.ring.length)

    def clears_at(self, now: Moment, cap: int) -> int:
        """The tick at which the bucket is empty."""
        latest = max([now.tick, *self.ring.stamps[-1:]])
        return -(-self._leaks_until(latest, cap) // cap)

    def merge(self, other: object) -> None:
        """Merge another copy's folded part."""
        if isinstance(other, BucketCounter) and other.drained > self.drained:
            self.drained, self.cap = other.drained, other.cap

    def dump(self) -> tuple[int, ...]:
        """The folded part, to serialize."""
        return self.drained, self.cap

    def restore(self, numbers: array[int]) -> None:
        """Load what :meth:`dump` returned; raises ValueError if damaged."""
        self.drained, self.cap = numbers
        if self.cap < 0:
            raise ValueError("a bucket is damaged")

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
        length, until = self.ring.length, self.drained * cap
        for stamp, amount in zip(self.ring.stamps, self.amounts, strict=True):
            until = max(until, min(stamp, when) * cap) + amount * length
        return max(until, when * cap)
