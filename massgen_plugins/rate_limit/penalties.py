"""What refusals impose on a pool: pauses, learned limits, smaller shares. Pure: time and chance are given.

By kind of refusal:

    a short window        pause until the hint; adopt a lower stated limit; then one probe, then the rest
    until a moment        adopt a lower stated limit; nothing leaves until that moment, or the window's end
    permanent             closed for a minute, so that a dead key costs one refusal, not one per agent
    overloaded, unclear   exponential back-off; half the limits, recovering within a minute
    this call alone       nothing: it says nothing about other calls
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
"""Value of ``Penalties.probe``: the next call leaves alone."""

_CLOSED_FOR = 60 * NANOSECONDS
_LONGEST_PAUSE = 60
_LEAST_SHARE = 125
_RECOVERY = 60 * NANOSECONDS
_HINT_MARGIN = NANOSECONDS  # hints are truncated to whole seconds (42.92 s becomes 42)
_LONGEST_HINT = 40 * 86_400  # seconds; the longest window is a month


@dataclass(slots=True)
class Penalties:
    """The penalties of a pool. Plain values, so that a store can keep them.

    Attributes:
        learned: Limits that the provider stated or announced, by ``Limit.key``.
        pause: Tick until which nothing leaves; 0 for none.
        closed: Tick until which every call is refused with ``advice``; 0 for none.
        advice: What the user can do about a closed pool.
        quote: The provider's words in the last refusal.
        until: Moment (nanoseconds since the epoch) until which the provider refuses everything; 0 for none.
        until_key: ``Limit.key`` of the limit that is exhausted until then; empty if unknown.
        share: Thousandths of each rolling limit that were usable right after the last refusal.
        streak: Consecutive refusals.
        probe: 0, ``PROBE_NEEDED``, or the tick until which others wait for the probe.
        since: Tick of the last refusal. Outcomes of calls that left before it are ignored: five calls refused
            together count once, and one served beside them does not count.
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
        """Whether a penalty may block calls, so that successes matter."""
        return bool(self.streak or self.probe or self.share < FULL or self.pause or self.closed or self.until)

    def share_at(self, tick: int) -> int:
        """Thousandths of each rolling limit that are usable at ``tick``; recovers within a minute."""
        recovered = min(1.0, max(0, tick - self.since) / _RECOVERY)
        return self.share + int((FULL - self.share) * recovered)

    def cap(self, limit: Limit, tick: int) -> int:
        """The amount in force: the lower of declared and learned, times the share if the window rolls."""
        amount = min(limit.amount, self.learned.get(limit.key, limit).amount)
        share = self.share_at(tick) if self.share < FULL else FULL
        if share == FULL or not amount or isinstance(limit.window, CalendarDay | CalendarMonth):
            return amount
        return max(1, amount * share // FULL)

    def refused(self, refusal: Refusal, begun: int, now: Moment, rules: PoolRules, chance: float) -> None:
        """Learn from a refusal.

        Args:
            refusal: The refusal.
            begun: Tick at which the refused call left.
            now: When the refusal arrived.
            rules: The pool's declared rules, for comparison with stated limits, and for the day's zone.
            chance: Uniform in [0, 1): jitter, so that machines do not all retry at once.
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
        """Learn, at ``tick``, that a call which left at ``begun`` was answered."""
        if begun <= self.since:
            return
        self.streak = self.pause = self.probe = self.until = self.closed = 0
        self.advice = self.quote = self.until_key = ""
        if self.share_at(tick) == FULL:
            self.share = FULL

    def announce(self, limit: Limit) -> bool:
        """Adopt a limit that response headers announce, up or down; True if it changed."""
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
                continue  # not stated, or zero: that closes a pool rather than limits it
            limit = Limit(each.kind, each.amount, each.window)
            if limit.key not in known or limit.amount < known[limit.key].amount:
                self.learned[limit.key] = limit


def _end_of(refusal: Refusal, now: Moment, zone: str) -> tuple[int, str]:
    """When the refusal ends, in nanoseconds since the epoch, and the key of the exhausted limit."""
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
