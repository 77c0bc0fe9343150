"""All that is known of one scope, and the decision that it is kept for: may this call leave now?

Pure: a store hands in its state and the moment, and keeps the state that comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import NANOSECONDS, Amounts, CalendarDay, Limit, ScopeRules
from massgen_plugins.rate_limit.calendar_day import day_end, day_of
from massgen_plugins.rate_limit.decision import Blocker, Decision, Reason, Usage
from massgen_plugins.rate_limit.flights import Flights
from massgen_plugins.rate_limit.hold import Change, Hold
from massgen_plugins.rate_limit.lanes import WIDTH, unpack
from massgen_plugins.rate_limit.ledger import Ledger, Moment
from massgen_plugins.rate_limit.lessons import FULL, PROBE_NEEDED, Lessons
from massgen_plugins.rate_limit.line import PATIENCE, Bid, Line
from massgen_plugins.rate_limit.wall_clock import Heard, Pace

__all__ = ["ScopeState"]

_SHORTEST_PROBE = 10 * NANOSECONDS


class ScopeState:
    """Rules, ledger, lessons, line and flights of one scope, and what time its provider has.

    Args:
        rules: What holds.
        born: Names these books: when they were begun, in nanoseconds since the epoch.
    """

    def __init__(self, rules: ScopeRules, born: int = 0) -> None:
        self.rules = rules
        self.born = born
        self.flights = Flights()  # those of other processes
        self.lessons = Lessons()
        self.line = Line()
        self.heard: Heard | None = None
        self.pace: Pace | None = None  # for stores that ask for the time with every call
        self.ledger = Ledger(rules.limits, born)
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

    def learn(self, lessons: Lessons) -> None:
        """Know what another process has learned."""
        known, self.lessons = self.lessons, lessons
        if lessons.learned != known.learned:
            self._rebuild(self.ledger)
        self._refresh(lessons.since)

    def unlearn(self) -> None:
        """Forget what refusals and answers have taught; what was spent stays spent."""
        self.lessons = Lessons()
        self.heard = None
        self._rebuild(self.ledger)

    def close(self) -> None:
        """The scope is forgotten: nothing is taken at once any more."""
        self._troubled = True

    def take(self, tick: int, amounts: Amounts) -> Hold | None:
        """Grant a call at once if nobody waits and all is well; None: ask with :meth:`admit`."""
        if self._troubled or self.line.claims:
            return None
        return self.ledger.take(tick, amounts)

    def admit(self, now: Moment, lane: str, bids: Sequence[Bid]) -> Decision:
        """Grant a lane's bids from the first on, until one cannot leave now; that one becomes its claim.

        Args:
            now: The moment.
            lane: Whose bids they are.
            bids: In the order of the lane.
        """
        self.advance(now)
        holds: list[Hold] = []
        for place, bid in enumerate(bids):
            hold = self._take_in_turn(now.tick, lane, bid)
            if hold is not None:
                holds.append(hold)
                continue
            row = self.ledger.row(bid.amounts)
            blocker = self._blocker(now, lane, bid, row)
            if blocker is not None:
                if blocker.final:
                    self.line.leave(lane)
                else:
                    self.line.claim(lane, bid, now.tick, len(bids) - place, blocker.wake)
                return Decision(tuple(holds), blocker, self.lessons.troubled)
            if self.lessons.probe == PROBE_NEEDED:
                self.lessons.probe = now.tick + max(_SHORTEST_PROBE, self.rules.cooldown)
            holds.append(self.ledger.book(now.tick, row))
        self.line.leave(lane)
        return Decision(tuple(holds), None, self.lessons.troubled)

    def first_to_be_woken(self, now: Moment) -> bool:
        """Whether the first one in the line may leave before it asks again, or should have asked by now."""
        first = self.line.first()
        if first is None:
            return False
        room = self._frees_at(now, (), self.ledger.row(first.bid.amounts))
        return room < first.until or first.until + PATIENCE < now.tick

    def rebook(self, holds: Iterable[Hold]) -> list[Change]:
        """Take note of what is true of calls by now; returns what has changed by that."""
        return self.ledger.rebook(holds)

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

    def forecast(self, now: Moment, lane: str, ahead: Amounts, own: Amounts) -> int:
        """The tick at which ``own`` can leave after ``ahead`` of its lane; an estimate from below."""
        self.advance(now)
        others = [claim.bid.amounts for claim in self.line.living(now.tick) if claim.lane != lane]
        row = self.ledger.row(own) + self.ledger.lanes.row(ahead)
        return max(self.lessons.pause, self._frees_at(now, others, row))

    def advance(self, now: Moment) -> None:
        """Let it be this moment."""
        self.ledger.advance(now)
        if self.lessons.share < FULL:
            self._refresh(now.tick)

    def usage(self, now: Moment) -> list[Usage]:
        """Every limit with its use."""
        self.advance(now)
        rows = []
        caps, used = self.ledger.caps, self.ledger.used()
        for index, limit in enumerate(self.ledger.lanes.limits):
            window = limit.window
            if isinstance(window, CalendarDay):
                resets = day_end(day_of(now.wall, window.zone), window.zone) - now.wall
            else:
                everything = caps[index] << WIDTH * index
                resets = self.ledger.sliding_frees_at(now, everything) - now.tick
            rows.append(Usage(limit, caps[index], used[index], resets))
        return rows

    def _take_in_turn(self, tick: int, lane: str, bid: Bid) -> Hold | None:
        """Grant a bid if all is well and nobody is before it; None: look closer."""
        if self._troubled or any(
            c.lane != lane and c.bid.place < bid.place for c in self.line.claims.values()
        ):
            return None
        return self.ledger.take(tick, bid.amounts)

    def _blocker(self, now: Moment, lane: str, bid: Bid, row: int) -> Blocker | None:
        excess = self.ledger.excess(row)
        blocker = self._closed_blocker(now, row) or self._day_blocker(now, excess) or self._pause_blocker(now)
        if blocker is None:
            return self._queue_blocker(now, lane, bid, row, excess)
        self.line.excuse()
        return blocker

    def _closed_blocker(self, now: Moment, row: int) -> Blocker | None:
        if self.lessons.closed > now.tick:
            return Blocker(Reason.CLOSED, self.lessons.closed, advice=self.lessons.advice)
        if all(self.ledger.caps):
            return None
        limits = self.ledger.lanes.limits
        for limit, cap, amount in zip(limits, self.ledger.caps, unpack(row, len(limits)), strict=True):
            if amount and not cap:
                return Blocker(Reason.CLOSED, now.tick, limit=limit, advice=f"The limit in force is {limit}.")
        return None

    def _pause_blocker(self, now: Moment) -> Blocker | None:
        if self.lessons.pause > now.tick:
            return Blocker(Reason.PAUSE, self.lessons.pause)
        if self.lessons.probe > now.tick:
            return Blocker(Reason.PROBE, self.lessons.probe)
        return None

    def _queue_blocker(
        self, now: Moment, lane: str, bid: Bid, row: int, excess: Sequence[int]
    ) -> Blocker | None:
        most = max(excess, default=0)
        ahead = self._ahead(now, lane, bid)
        if most <= 0 and not ahead:
            return None
        wake = self._frees_at(now, ahead, row)
        if ahead and self.line.stalled:  # there is room for the first one, which is late
            wake = self.line.patience_ends
        if most <= 0:
            return Blocker(Reason.LINE, wake)
        index = excess.index(most)
        limit = replace(self.ledger.lanes.limits[index], amount=self.ledger.caps[index])
        return Blocker(Reason.LIMIT, wake, limit=limit)

    def _ahead(self, now: Moment, lane: str, bid: Bid) -> list[Amounts]:
        """What those ask for who come first; a first one that does not take what is there loses its place."""
        while True:
            ahead = self.line.ahead_of(bid, lane, now.tick)
            if not ahead:
                return []
            fits = self._fits(self.ledger.row(ahead[0].bid.amounts))
            if not self.line.overtake(ahead[0], now.tick, fits=fits):
                return [claim.bid.amounts for claim in ahead]

    def _fits(self, row: int) -> bool:
        return max(self.ledger.excess(row), default=0) <= 0

    def _frees_at(self, now: Moment, ahead: Sequence[Amounts], row: int) -> int:
        return self.ledger.sliding_frees_at(now, sum(map(self.ledger.row, ahead), row))

    def _day_blocker(self, now: Moment, excess: Sequence[int]) -> Blocker | None:
        zone = self.rules.zone
        if self.lessons.spent_day and self.lessons.spent_day == day_of(now.wall, zone):
            resets = day_end(self.lessons.spent_day, zone)
            days = [each for each in self.ledger.lanes.limits if isinstance(each.window, CalendarDay)]
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
        self.ledger = Ledger([*self.rules.limits, *extra], self.born)
        self.ledger.take_over(old)
        self._refresh(self.lessons.since)

    def _refresh(self, tick: int) -> None:
        """Let what was learned have its effect."""
        self.ledger.set_caps(self.lessons.caps(self.ledger.lanes.limits, tick))
        self._troubled = self.lessons.troubled
