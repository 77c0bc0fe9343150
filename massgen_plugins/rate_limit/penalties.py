"""What refusals imposed on a pool: pauses, learned limits, caution. Pure: time and chance are arguments.

The table that this file is:

    a short window        pause until the hint; adopt a stated lower limit; then one call alone, then the rest
    until a moment        adopt a stated lower limit; nothing leaves until that moment, or the window's end
    nothing helps         closed for a minute, so that one key costs one refusal, not one per agent
    overloaded, unclear   pause, twice as long each time; half as many calls, growing back within a minute
    this call alone       nothing: it says nothing of other calls
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.quota import NANOSECONDS, CalendarDay, CalendarMonth, Limit, PoolRules
from massgen_plugins.rate_limit.calendar_windows import period_end, period_of
from massgen_plugins.rate_limit.moment import Moment

__all__ = ["FULL", "PROBE_NEEDED", "Penalties"]

FULL = 1000
"""The whole of a limit, in thousandths."""

PROBE_NEEDED = -1
"""Value of ``Penalties.probe``: the next call has to leave alone."""

_CLOSED_FOR = 60 * NANOSECONDS
_LONGEST_PAUSE = 60
_LEAST_SHARE = 125
_HEALS_WITHIN = 60 * NANOSECONDS
_HINT_MARGIN = NANOSECONDS  # hints are cut to whole seconds (42.92 s is told as 42)
_LONGEST_HINT = 400 * 86_400


@dataclass(slots=True)
class Penalties:
    """What a pool has learned. Plain values, so that a store can keep them.

    Attributes:
        learned: Limits that the provider stated or announced, by ``Limit.key``.
        pause: Tick until which nothing leaves; 0 for none.
        closed: Tick until which every call is refused with ``advice``; 0 for none.
        advice: What the user can do about a closed pool.
        quote: The provider's words in the last refusal.
        until: Moment (nanoseconds since the epoch) until which the provider refuses everything; 0 for none.
        until_key: ``Limit.key`` of the limit that is used up until then; empty if unknown.
        share: Thousandths of each rolling limit that may be used right after the last refusal.
        streak: Refusals in a row.
        probe: 0, PROBE_NEEDED, or the tick until which a call that left alone is waited for.
        since: Tick of the last refusal. What becomes of calls that left before it says nothing of what came
            of it: five calls that are refused together count once, and one that is served beside them not.
    """

    learned: dict[str, Limit] = field(default_factory=dict)
    pause: int = 0
    closed: int = 0
    advice: str = ""
    quote: str = ""
    until: int = 0
    until_key: str = ""
    share: int = FULL
    streak: int = 0
    probe: int = 0
    since: int = 0

    @property
    def cautious(self) -> bool:
        """Whether anything but the limits themselves may stand in a call's way, so that a success matters."""
        return bool(self.streak or self.probe or self.share < FULL or self.pause or self.closed or self.until)

    def share_at(self, tick: int) -> int:
        """Thousandths of each rolling limit that may be used: they grow back within a minute."""
        healed = min(1.0, max(0, tick - self.since) / _HEALS_WITHIN)
        return self.share + int((FULL - self.share) * healed)

    def cap(self, limit: Limit, tick: int) -> int:
        """The amount in force: the lower of declared and learned, and of rolling windows the share."""
        amount = min(limit.amount, self.learned.get(limit.key, limit).amount)
        share = self.share_at(tick) if self.share < FULL else FULL
        if share == FULL or not amount or isinstance(limit.window, CalendarDay | CalendarMonth):
            return amount
        return max(1, amount * share // FULL)

    def refused(self, refusal: Refusal, begun: int, now: Moment, rules: PoolRules, chance: float) -> None:
        """Learn from a provider's "no".

        Args:
            refusal: The "no", read.
            begun: Tick at which the refused call left.
            now: When it came.
            rules: What was declared for the pool; tells where a stated limit is lower, and the day's zone.
            chance: Uniform in [0, 1): spreads back-offs, so that machines do not return all at once.
        """
        if refusal.kind is RefusalKind.CALL:
            return
        first = begun > self.since
        self.share = self.share_at(now.tick)
        self.since = now.tick
        self.streak += first
        self.quote = refusal.quote
        self._adopt(refusal.limits, rules.limits)
        if refusal.kind is RefusalKind.PERMANENT:
            self.closed = now.tick + _CLOSED_FOR
            self.advice = refusal.advice
        elif refusal.kind is RefusalKind.UNTIL:
            self.until, self.until_key = _end_of(refusal, now, rules.zone)
        else:
            self._back_off(refusal, now.tick, chance, first=first)

    def succeeded(self, begun: int, tick: int) -> None:
        """A call that left at tick ``begun`` was answered, and it is ``tick`` now."""
        if begun <= self.since:
            return
        self.streak = self.pause = self.probe = self.until = self.closed = 0
        self.advice = self.quote = self.until_key = ""
        if self.share_at(tick) == FULL:
            self.share = FULL

    def announce(self, limit: Limit) -> bool:
        """Take over a limit that an answer's headers name, up or down; True if it was another before."""
        known = self.learned.get(limit.key)
        self.learned[limit.key] = limit
        return known is None or known.amount != limit.amount

    def _back_off(self, refusal: Refusal, tick: int, chance: float, *, first: bool) -> None:
        doubling = min(_LONGEST_PAUSE, 2.0 ** min(self.streak - 1, 6))
        seconds = doubling * (0.5 + chance / 2)
        if refusal.retry_after is not None:
            hint = min(max(refusal.retry_after, 0), _LONGEST_HINT) + _HINT_MARGIN / NANOSECONDS
            seconds = max(hint, 0 if self.streak < 3 else seconds)
        self.pause = max(self.pause, tick + int(seconds * NANOSECONDS))
        self.probe = PROBE_NEEDED
        if first and (refusal.kind is RefusalKind.OVERLOAD or not refusal.limits):
            self.share = max(_LEAST_SHARE, self.share // 2)

    def _adopt(self, stated: Sequence[StatedLimit], limits: Sequence[Limit]) -> None:
        known = {limit.key: limit for limit in limits} | self.learned
        for each in stated:
            if not each.amount or each.amount < 0:
                continue  # nothing stated; a limit of zero is a closed pool, not a limit
            limit = Limit(each.kind, each.amount, each.window)
            if limit.key not in known or limit.amount < known[limit.key].amount:
                self.learned[limit.key] = limit


def _end_of(refusal: Refusal, now: Moment, zone: str) -> tuple[int, str]:
    """Until when, in nanoseconds since the epoch, and the key of the limit that is used up."""
    windows = {
        Limit(stated.kind, 0, stated.window).key: stated.window
        for stated in refusal.limits
        if isinstance(stated.window, CalendarDay | CalendarMonth)
    }
    key = next(iter(windows), "")
    latest = now.wall + _LONGEST_HINT * NANOSECONDS
    if refusal.until is not None:
        return max(now.wall, min(int(refusal.until * NANOSECONDS), latest)), key
    if refusal.retry_after is not None:
        hint = int(min(max(refusal.retry_after, 0), _LONGEST_HINT) * NANOSECONDS)
        return now.wall + hint + _HINT_MARGIN, key
    ends = [period_end(period_of(now.wall, window), window) for window in windows.values()]
    day = CalendarDay(zone)
    return max(ends, default=period_end(period_of(now.wall, day), day)), key
