"""What refusals taught a scope: pauses, lower limits, closed doors, caution.

Pure: time and chance are arguments.

The table that this file is:

    a minute's limit     pause until the hint; adopt a stated lower limit; then one call alone, then the rest
    a day's limit        adopt a stated lower limit; the day is spent until it ends in the provider's zone
    nothing helps        the door is closed for a minute, so that one key costs one refusal, not one per agent
    overloaded, unclear  pause, twice as long each time; half as many calls, growing back within a minute
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from massgen_plugins.middleware import Refusal, RefusalKind
from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Limit
from massgen_plugins.rate_limit.calendar_day import day_of
from massgen_plugins.rate_limit.ledger import Moment

__all__ = ["FULL", "PROBE_NEEDED", "Lessons"]

FULL = 1000
"""The whole of a limit, in thousandths."""

PROBE_NEEDED = -1
"""Value of ``Lessons.probe``: the next call has to leave alone."""

_CLOSED_FOR = 60 * NANOSECONDS
_LONGEST_PAUSE = 60
_LEAST_SHARE = 125
_HEALS_WITHIN = 60 * NANOSECONDS
_HINT_MARGIN = NANOSECONDS  # hints are cut to whole seconds (42.92 s is told as 42)


@dataclass(slots=True)
class Lessons:
    """What a scope has learned. Plain values, so that a store can keep them.

    Attributes:
        learned: Lower limits that the provider stated, by ``Limit.key``.
        pause: Tick until which nothing leaves; 0 for none.
        closed: Tick until which every call is refused with ``advice``; 0 for none.
        advice: What the user can do about a closed door.
        spent_day: Day (ordinal in the provider's zone) that the provider called used up; 0 for none.
        share: Thousandths of each sliding limit that may be used right after the last refusal.
        streak: Refusals in a row.
        probe: 0, PROBE_NEEDED, or the tick until which a call that left alone is waited for.
        since: Tick of the last refusal. News of calls that left before it says nothing about what came of it:
            five calls that are refused together teach one lesson, and one that is served beside them none.
    """

    learned: dict[str, Limit] = field(default_factory=dict)
    pause: int = 0
    closed: int = 0
    advice: str = ""
    spent_day: int = 0
    share: int = FULL
    streak: int = 0
    probe: int = 0
    since: int = 0

    @property
    def troubled(self) -> bool:
        """Whether anything but the limits themselves may stand in a call's way, so that a success is news."""
        cautious = self.streak or self.probe or self.share < FULL
        return bool(cautious or self.pause or self.closed or self.spent_day)

    def share_at(self, tick: int) -> int:
        """Thousandths of each sliding limit that may be used: they grow back within a minute."""
        healed = min(1.0, max(0, tick - self.since) / _HEALS_WITHIN)
        return self.share + int((FULL - self.share) * healed)

    def caps(self, limits: Sequence[Limit], tick: int) -> list[int]:
        """The amounts in force: the lower of declared and learned, and of sliding windows the share."""
        share = self.share_at(tick)
        return [self._cap(limit, share) for limit in limits]

    def refused(  # noqa: PLR0913, PLR0917 - all that a lesson depends on, and nothing is read behind its back
        self, refusal: Refusal, begun: int, now: Moment, zone: str, limits: Sequence[Limit], chance: float
    ) -> None:
        """Learn from a provider's "no".

        Args:
            refusal: The "no", read.
            begun: Tick at which the refused call left.
            now: When it came.
            zone: Where the provider's day begins.
            limits: What was declared for the scope; tells where a stated limit is lower.
            chance: Uniform in [0, 1): spreads back-offs, so that machines do not return as a herd.
        """
        news = begun > self.since
        self.share = self.share_at(now.tick)
        self.since = now.tick
        self.streak += news
        self._adopt(refusal, zone, limits)
        if refusal.kind is RefusalKind.PERMANENT:
            self.closed = now.tick + _CLOSED_FOR
            self.advice = refusal.advice
        elif refusal.kind is RefusalKind.DAY:
            self.spent_day = day_of(now.wall, zone)
        else:
            self._back_off(refusal, now.tick, chance, news=news)

    def succeeded(self, begun: int, tick: int) -> None:
        """A call that left at tick ``begun`` was answered, and it is ``tick`` now."""
        if begun <= self.since:
            return
        self.streak = 0
        self.pause = 0
        self.probe = 0
        self.spent_day = 0
        self.closed = 0
        self.advice = ""
        if self.share_at(tick) == FULL:
            self.share = FULL

    def _cap(self, limit: Limit, share: int) -> int:
        amount = min(limit.amount, self.learned.get(limit.key, limit).amount)
        if isinstance(limit.window, CalendarDay) or share == FULL or not amount:
            return amount
        return max(1, amount * share // FULL)

    def _back_off(self, refusal: Refusal, tick: int, chance: float, *, news: bool) -> None:
        doubling = min(_LONGEST_PAUSE, 2.0 ** min(self.streak - 1, 6))
        seconds = doubling * (0.5 + chance / 2)
        if refusal.retry_after is not None:
            seconds = max(refusal.retry_after + _HINT_MARGIN / NANOSECONDS, 0 if self.streak < 3 else seconds)
        self.pause = max(self.pause, tick + int(seconds * NANOSECONDS))
        self.probe = PROBE_NEEDED
        if news and (refusal.kind is RefusalKind.OVERLOAD or not refusal.limits):
            self.share = max(_LEAST_SHARE, self.share // 2)

    def _adopt(self, refusal: Refusal, zone: str, limits: Sequence[Limit]) -> None:
        known = {limit.key: limit for limit in limits} | self.learned
        for stated in refusal.limits:
            if not stated.amount:
                continue  # nothing stated; a limit of zero is a closed door, not a limit
            window = CalendarDay(zone) if stated.per_day else MINUTE
            limit = Limit(stated.kind, stated.amount, window)
            if limit.key not in known or limit.amount < known[limit.key].amount:
                self.learned[limit.key] = limit
