"""All that is known of one scope, and the decision that it is kept for: may this call leave now?

Pure: a store hands in its state and the moment, and keeps the state that comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import NANOSECONDS, Amounts, CalendarDay, Limit, ScopeRules
from massgen_plugins.rate_limit.calendar_day import day_end, day_of
from massgen_plugins.rate_limit.flights import Flights
from massgen_plugins.rate_limit.hold import Hold
from massgen_plugins.rate_limit.ledger import Ledger, Moment
from massgen_plugins.rate_limit.lessons import FULL, PROBE_NEEDED, Lessons
from massgen_plugins.rate_limit.line import Bid, Line

__all__ = ["Blocker", "Decision", "Reason", "ScopeState", "Usage"]

_SHORTEST_PROBE = 10 * NANOSECONDS


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
        limit: The limit that is used up, if it is one, with the amount in force.
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
    """Rules, ledger, lessons, line and flights of one scope.

    Args:
        rules: What holds.
        born: Names these books: when they were begun, in nanoseconds since the epoch. News of a call that was
            entered in others (of a file that was lost, of a process that was alone) changes nothing here.
    """

    def __init__(self, rules: ScopeRules, born: int = 0) -> None:
        self.rules = rules
        self.born = born
        self.flights = Flights()
        self.lessons = Lessons()
        self.line = Line()
        self.ledger = Ledger(rules.limits)
        self._rebuild(self.ledger)

    def configure(self, rules: ScopeRules) -> None:
        """Let other rules hold. What was learned under a limit that changes is forgotten."""
        if rules == self.rules:
            return
        before = {limit.key: limit for limit in self.rules.limits}
        after = {limit.key: limit for limit in rules.limits}
        for key in [k for k in self.lessons.learned if before.get(k) != after.get(k)]:
            del self.lessons.learned[key]
        self.rules = rules
        self._rebuild(self.ledger)

    def adopt(self, lessons: Lessons, line: Line, flights: Flights) -> None:
        """Take over what a store has kept; the ledger is filled afterwards."""
        self.lessons = lessons
        self.line = line
        self.flights = flights
        self._rebuild(self.ledger)

    def unlearn(self) -> None:
        """Forget what refusals have taught; what was spent stays spent."""
        self.lessons = Lessons()
        self._rebuild(self.ledger)

    def take(self, tick: int, wall: int, amounts: Amounts, process: str) -> Hold | None:
        """Grant a call at once if nobody waits and all is well; None: ask with :meth:`admit`."""
        if self._troubled or self.line.claims:
            return None
        hold = self.ledger.take(tick, wall, amounts)
        if hold is not None:
            self._depart(hold, tick, process)
        return hold

    def admit(self, now: Moment, lane: str, bids: Sequence[Bid], process: str = "") -> Decision:
        """Grant a lane's bids from the first on, until one cannot leave now; that one becomes its claim.

        Args:
            now: The moment.
            lane: Whose bids they are.
            bids: In the order of the lane.
            process: Who makes the calls; for people to see what is on its way.
        """
        self._advance(now)
        holds: list[Hold] = []
        for bid in bids:
            row = self.ledger.row(bid.amounts)
            blocker = self._blocker(now, lane, bid, row)
            if blocker is not None:
                if blocker.final:
                    self.line.leave(lane)
                else:
                    self.line.claim(lane, bid, now.tick, len(bids) - len(holds))
                return Decision(tuple(holds), blocker, self.lessons.troubled)
            if self.lessons.probe == PROBE_NEEDED:
                self.lessons.probe = now.tick + max(_SHORTEST_PROBE, self.rules.cooldown)
            holds.append(self.ledger.book(now.tick, row))
            self._depart(holds[-1], now.tick, process)
        self.line.leave(lane)
        return Decision(tuple(holds), None, self.lessons.troubled)

    def _depart(self, hold: Hold, tick: int, process: str) -> None:
        hold.born = self.born
        hold.process = process
        self.flights.left(process, tick)

    def rebook(self, now: Moment, holds: Iterable[Hold]) -> None:
        """Take note of what is true of calls by now."""
        self.ledger.advance(now)
        for hold in holds:
            if hold.born != self.born:
                continue
            self.ledger.rebook(hold)
            if hold.landed and hold.process:
                self.flights.landed(hold.process, now.tick)
                hold.process = ""

    def refused(self, now: Moment, refusal: Refusal, begun: int, chance: float) -> bool:
        """Learn from the refusal of a call that left at tick ``begun``; True if a limit was lowered by it."""
        before = dict(self.lessons.learned)
        self.lessons.refused(refusal, begun, now, self.rules.zone, self.rules.limits, chance)
        if self.lessons.learned == before:
            self._refresh(now.tick)
            return False
        self._rebuild(self.ledger)
        return True

    def succeeded(self, now: Moment, begun: int) -> None:
        """Learn from the answer to a call that left at tick ``begun``."""
        self.lessons.succeeded(begun, now.tick)
        self._refresh(now.tick)

    def forecast(self, now: Moment, ahead: Sequence[Amounts], own: Amounts) -> int:
        """The tick at which ``own`` can leave if all ``ahead`` go first; an estimate from below."""
        self._advance(now)
        return max(self.lessons.pause, self._frees_at(now, ahead, self.ledger.row(own)))

    def usage(self, now: Moment) -> list[Usage]:
        """Every limit with its use."""
        self._advance(now)
        rows = []
        for meter in self.ledger.meters:
            window = meter.limit.window
            if isinstance(window, CalendarDay):
                resets = day_end(day_of(now.wall, window.zone), window.zone) - now.wall
            else:
                everything = [each.cap if each is meter else 0 for each in self.ledger.meters]
                resets = self.ledger.sliding_frees_at(now, everything) - now.tick
            rows.append(Usage(meter.limit, meter.cap, meter.used, resets))
        return rows

    def _blocker(self, now: Moment, lane: str, bid: Bid, row: Sequence[int]) -> Blocker | None:
        lessons, tick = self.lessons, now.tick
        if lessons.closed > tick:
            return Blocker(Reason.CLOSED, lessons.closed, advice=lessons.advice)
        never = next((m.limit for m in self.ledger.meters if not m.cap and row[m.index]), None)
        if never is not None:
            return Blocker(Reason.CLOSED, tick, limit=never, advice=f"The limit in force is {never}.")
        excess = self.ledger.excess(row)
        day = self._day_blocker(now, excess)
        if day is not None:
            return day
        if lessons.pause > tick:
            return Blocker(Reason.PAUSE, lessons.pause)
        if lessons.probe > tick:
            return Blocker(Reason.PROBE, lessons.probe)
        return self._queue_blocker(now, lane, bid, row, excess)

    def _queue_blocker(
        self, now: Moment, lane: str, bid: Bid, row: Sequence[int], excess: Sequence[int]
    ) -> Blocker | None:
        ahead = [claim.bid.amounts for claim in self.line.ahead_of(bid, lane, now.tick)]
        most = max(excess, default=0)
        if most <= 0 and not ahead:
            return None
        wake = self._frees_at(now, ahead, row)
        if most <= 0:
            return Blocker(Reason.LINE, wake)
        meter = self.ledger.meters[list(excess).index(most)]
        return Blocker(Reason.LIMIT, wake, limit=replace(meter.limit, amount=meter.cap))

    def _frees_at(self, now: Moment, ahead: Sequence[Amounts], row: Sequence[int]) -> int:
        rows = [self.ledger.row(amounts) for amounts in ahead]
        return self.ledger.sliding_frees_at(now, [sum(column) for column in zip(row, *rows, strict=True)])

    def _day_blocker(self, now: Moment, excess: Sequence[int]) -> Blocker | None:
        zone = self.rules.zone
        if self.lessons.spent_day and self.lessons.spent_day == day_of(now.wall, zone):
            resets = day_end(self.lessons.spent_day, zone)
            days = [m.limit for m in self.ledger.meters if isinstance(m.limit.window, CalendarDay)]
            return self._day(now, days[0] if len(days) == 1 else None, resets)
        spent = self.ledger.spent_day(now, excess)
        return None if spent is None else self._day(now, *spent)

    def _day(self, now: Moment, limit: Limit | None, resets: int) -> Blocker:
        shown = self.lessons.learned.get(limit.key, limit) if limit else None
        return Blocker(Reason.DAY, now.tick + resets - now.wall, limit=shown, resets=resets)

    def _rebuild(self, old: Ledger) -> None:
        """Make the ledger count every declared limit, and every learned one that was never declared."""
        declared = {limit.key for limit in self.rules.limits}
        extra = [limit for key, limit in self.lessons.learned.items() if key not in declared]
        self.ledger = Ledger([*self.rules.limits, *extra])
        self.ledger.take_over(old)
        self._refresh(self.lessons.since)

    def _advance(self, now: Moment) -> None:
        self.ledger.advance(now)
        if self.lessons.share < FULL:
            self._refresh(now.tick)

    def _refresh(self, tick: int) -> None:
        """Let what was learned have its effect."""
        caps = self.lessons.caps([meter.limit for meter in self.ledger.meters], tick)
        for meter, cap in zip(self.ledger.meters, caps, strict=True):
            meter.cap = cap
        self._troubled = self.lessons.troubled
