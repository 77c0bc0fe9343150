"""All that is known of one scope, and the decision that it is kept for: may this call leave now?

Pure: a store hands in its state and the moment, and keeps the state that comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import NANOSECONDS, Amounts, CalendarDay, Limit, ScopeRules
from massgen_plugins.rate_limit.calendar_day import day_end, day_of
from massgen_plugins.rate_limit.ledger import Hold, Ledger, Moment
from massgen_plugins.rate_limit.lessons import PROBE_NEEDED, Lessons
from massgen_plugins.rate_limit.line import Bid, Line

__all__ = ["Blocker", "Decision", "Reason", "Restatement", "ScopeState", "Usage"]

_SHORTEST_PROBE = 10 * NANOSECONDS

Restatement = tuple[Hold, Hold | None]
"""What a call held, and what it holds instead; None releases it."""


class Reason(StrEnum):
    """Why a call cannot leave now."""

    LIMIT = "limit"
    LINE = "line"
    PAUSE = "pause"
    PROBE = "probe"
    DAY = "day"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Blocker:
    """What stands in the way of the first bid that was not granted.

    Attributes:
        reason: Which of the obstacles it is.
        wake: Tick at which to ask again; earlier news may come.
        limit: The limit that is used up, if it is one.
        resets: For a day: when it resets, in nanoseconds since the epoch.
        advice: For a closed door: what the user can do.
    """

    reason: Reason
    wake: int
    limit: Limit | None = None
    resets: int = 0
    advice: str = ""

    @property
    def final(self) -> bool:
        """Whether waiting within this window is no cure."""
        return self.reason in (Reason.DAY, Reason.CLOSED)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a lane's bids.

    Attributes:
        holds: One for each granted bid, from the first on.
        blocker: What stands in the way of the next bid; None if all were granted.
        troubled: Whether the scope wants to hear of successes.
    """

    holds: tuple[Hold, ...]
    blocker: Blocker | None
    troubled: bool


@dataclass(frozen=True, slots=True)
class Usage:
    """One limit and how much of it is used, for people to look at."""

    limit: Limit
    cap: int
    used: int
    resets: int
    """Nanoseconds until all of it is free again."""


class ScopeState:
    """Rules, ledger, lessons and line of one scope."""

    def __init__(self, rules: ScopeRules) -> None:
        self.rules = rules
        self.lessons = Lessons()
        self.line = Line()
        self.ledger = Ledger(rules.limits)
        self._rebuild(self.ledger)

    def configure(self, rules: ScopeRules) -> None:
        """Let other rules hold. What was learned under a limit that changes is forgotten: it was asked anew."""
        if rules == self.rules:
            return
        before = {limit.key: limit for limit in self.rules.limits}
        after = {limit.key: limit for limit in rules.limits}
        for key in [k for k in self.lessons.learned if before.get(k) != after.get(k)]:
            del self.lessons.learned[key]
        self.rules = rules
        self._rebuild(self.ledger)

    def adopt(self, lessons: Lessons, line: Line) -> None:
        """Take over what a store has kept; the ledger is filled afterwards."""
        self.lessons = lessons
        self.line = line
        self._rebuild(self.ledger)

    def admit(self, now: Moment, lane: str, bids: Iterable[Bid]) -> Decision:
        """Grant a lane's bids from the first on, until one cannot leave now; that one becomes its claim."""
        self.ledger.advance(now)
        holds: list[Hold] = []
        for bid in bids:
            blocker = self._blocker(now, lane, bid)
            if blocker is not None:
                if blocker.final:
                    self.line.leave(lane)
                else:
                    self.line.claim(lane, bid, now.tick)
                return Decision(tuple(holds), blocker, self.lessons.troubled)
            if self.lessons.probe == PROBE_NEEDED:
                self.lessons.probe = now.tick + max(_SHORTEST_PROBE, self.rules.cooldown)
            holds.append(self.ledger.reserve(now, self._clamp(bid.amounts)))
        self.line.leave(lane)
        return Decision(tuple(holds), None, self.lessons.troubled)

    def restate(self, now: Moment, restatements: Sequence[Restatement]) -> None:
        """Stamp, settle or release calls."""
        self.ledger.advance(now)
        for old, new in restatements:
            self.ledger.restate(old, new)

    def refused(self, now: Moment, refusal: Refusal, zone: str, chance: float) -> bool:
        """Learn from a refusal; True if a limit was lowered by it."""
        before = dict(self.lessons.learned)
        self.lessons.refused(refusal, now, zone, self.rules.limits, chance)
        if self.lessons.learned == before:
            self._refresh_caps()
            return False
        self._rebuild(self.ledger)
        return True

    def succeeded(self) -> None:
        """Learn from an answer."""
        self.lessons.succeeded()
        self._refresh_caps()

    def forecast(self, now: Moment, ahead: Sequence[Amounts], own: Amounts) -> int:
        """The tick at which ``own`` can leave if all ``ahead`` go first; an estimate from below."""
        self.ledger.advance(now)
        total = _total([*ahead, self._clamp(own)])
        return max(self.lessons.pause, self.ledger.sliding_frees_at(now, total))

    def usage(self, now: Moment) -> list[Usage]:
        """Every limit with its use."""
        self.ledger.advance(now)
        rows = []
        for limit, cap, used in zip(self.ledger.limits, self.ledger.caps, self.ledger.used(now), strict=True):
            if isinstance(limit.window, CalendarDay):
                resets = day_end(day_of(now.wall, limit.window.zone), limit.window.zone) - now.wall
            else:
                resets = self.ledger.sliding_frees_at(now, {limit.kind: cap}) - now.tick
            rows.append(Usage(limit, cap, used, resets))
        return rows

    def _blocker(self, now: Moment, lane: str, bid: Bid) -> Blocker | None:
        lessons = self.lessons
        if lessons.closed > now.tick:
            return Blocker(Reason.CLOSED, lessons.closed, advice=lessons.advice)
        amounts = self._clamp(bid.amounts)
        never = self._forbidden(amounts)
        if never is not None:
            return Blocker(Reason.CLOSED, now.tick, limit=never, advice=f"The limit in force is {never}.")
        day = self._day_blocker(now, amounts)
        if day is not None:
            return day
        if lessons.pause > now.tick:
            return Blocker(Reason.PAUSE, lessons.pause)
        if lessons.probe > now.tick:
            return Blocker(Reason.PROBE, lessons.probe)
        ahead = [claim.bid.amounts for claim in self.line.ahead_of(bid, lane, now.tick)]
        excess = self.ledger.excess(now, amounts)
        if max(excess, default=0) > 0:
            wake = self.ledger.sliding_frees_at(now, _total([*ahead, amounts]))
            return Blocker(Reason.LIMIT, wake, limit=self.ledger.limits[excess.index(max(excess))])
        if ahead:
            return Blocker(Reason.LINE, self.ledger.sliding_frees_at(now, _total([*ahead, amounts])))
        return None

    def _day_blocker(self, now: Moment, amounts: Amounts) -> Blocker | None:
        zone = self.rules.zone
        if self.lessons.spent_day and self.lessons.spent_day == day_of(now.wall, zone):
            resets = day_end(self.lessons.spent_day, zone)
            days = [limit for limit in self.ledger.limits if isinstance(limit.window, CalendarDay)]
            return self._day(now, days[0] if len(days) == 1 else None, resets)
        spent = self.ledger.spent_days(now, amounts)
        if not spent:
            return None
        limit, resets = max(spent, key=lambda item: item[1])
        return self._day(now, limit, resets)

    def _day(self, now: Moment, limit: Limit | None, resets: int) -> Blocker:
        shown = self.lessons.learned.get(limit.key, limit) if limit else None
        return Blocker(Reason.DAY, now.tick + resets - now.wall, limit=shown, resets=resets)

    def _forbidden(self, amounts: Amounts) -> Limit | None:
        pairs = zip(self.ledger.limits, self.ledger.caps, strict=True)
        return next((limit for limit, cap in pairs if not cap and amounts.get(limit.kind, 0)), None)

    def _clamp(self, amounts: Amounts) -> Amounts:
        """No more than a whole limit: estimates are upper bounds, and an empty window is all there is."""
        clamped = dict(amounts)
        for limit, cap in zip(self.ledger.limits, self.ledger.caps, strict=True):
            if clamped.get(limit.kind, 0) > cap > 0:
                clamped[limit.kind] = cap
        return clamped

    def _rebuild(self, old: Ledger) -> None:
        """Make the ledger count every declared limit, and every learned one that was never declared."""
        declared = {limit.key for limit in self.rules.limits}
        extra = [limit for key, limit in self.lessons.learned.items() if key not in declared]
        self.ledger = Ledger([*self.rules.limits, *extra])
        self.ledger.take_over(old)
        self._refresh_caps()

    def _refresh_caps(self) -> None:
        self.ledger.caps = self.lessons.caps(self.ledger.limits)


def _total(amounts: Sequence[Amounts]) -> Amounts:
    kinds = {kind for each in amounts for kind in each}
    return {kind: sum(each.get(kind, 0) for each in amounts) for kind in kinds}
