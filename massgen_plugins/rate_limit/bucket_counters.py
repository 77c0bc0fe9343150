"""What was spent of one kind in a token bucket, or is held. Pure."""

from __future__ import annotations

from array import array

from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.rings import Ring, RollingCounter

__all__ = ["BucketCounter", "HeldCounter"]


class HeldCounter(RollingCounter):
    """Calls under way."""

    __slots__ = ()

    def frees_at(self, now: Moment, cap: int, amount: int) -> int:
        """When the next lease lapses at the latest; a call that ends before that is an event of its own."""
        return now.tick if self.fits(now, cap, amount) else max([now.tick, *self.ring.stamps[:1]])


class BucketCounter(RollingCounter):
    """A token bucket, computed from stamps: earlier calls came as late as possible, the next one comes now.

    What is in the bucket is kept as a time: until when it would leak if nothing were added. Cells older
    than one window can change no more and are folded into that.

    Attributes:
        drained: The tick at which what was folded has leaked away.
        cap: The limit under which it was computed; 0 before the first question.
    """

    __slots__ = ("cap", "drained")

    def __init__(self, kind: str, ring: Ring) -> None:
        super().__init__(kind, ring)
        self.drained = 0
        self.cap = 0

    def age_out(self, count: int) -> None:
        """Fold the oldest cells."""
        for stamp, amount in zip(self.ring.stamps[:count], self.amounts, strict=False):
            if amount and self.cap:  # else there was no limit yet
                span = -(-amount * self.ring.length // self.cap)
                self.drained = min(NEVER, max(self.drained, stamp) + span)
        super().age_out(count)

    def fits(self, now: Moment, cap: int, amount: int) -> bool:
        """Whether ``amount`` can be added now."""
        self.ring.advance(now)
        length = self.ring.length
        return self._leaks_until(now.tick, cap) + amount * length <= (now.tick + length) * cap

    def frees_at(self, now: Moment, cap: int, amount: int) -> int:
        """The tick at which ``amount`` will fit if nothing is added; from below, if more than ``cap``."""
        self._fill_by(now.tick, cap)
        length = self.ring.length
        wanted, full = amount * length, cap * length
        until, later, when = self.drained * cap, self.used * length, now.tick
        for stamp, earlier in zip(self.ring.stamps, self.amounts, strict=True):
            if stamp > when:  # until then it may come after this one
                if later + wanted <= full:
                    free = max(when, -(-(until + later + wanted - full) // cap))
                    if free <= stamp:
                        return free
                when = stamp
            until = max(until, stamp * cap) + earlier * length
            later -= earlier * length
        return max(when, -(-(max(until, when * cap) + wanted - full) // cap))

    def level(self, now: Moment, cap: int) -> int:
        """What is in the bucket."""
        return -(-(self._leaks_until(now.tick, cap) - now.tick * cap) // self.ring.length)

    def clears_at(self, now: Moment, cap: int) -> int:
        """The tick at which the bucket is full again."""
        latest = max([now.tick, *self.ring.stamps[-1:]])
        return -(-self._leaks_until(latest, cap) // cap)

    def merge(self, other: object) -> None:
        """Count what another copy has folded, too."""
        if isinstance(other, BucketCounter) and other.drained > self.drained:
            self.drained, self.cap = other.drained, other.cap

    def dump(self) -> tuple[int, ...]:
        """The folded part, for a store."""
        return self.drained, self.cap

    def restore(self, numbers: array[int]) -> None:
        """Hold what :meth:`dump` said; raises ValueError if it is damaged."""
        self.drained, self.cap = numbers
        if self.cap < 0:
            raise ValueError("a bucket is damaged")

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
        length, until = self.ring.length, self.drained * cap
        for stamp, amount in zip(self.ring.stamps, self.amounts, strict=True):
            until = max(until, min(stamp, when) * cap) + amount * length
        return max(until, when * cap)
