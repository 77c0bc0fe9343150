"""What one scope has spent, in all its limits at once. Pure: every moment is an argument.

A call is written into its windows at once, with a stamp in the *future*: by when the server will have counted
it at the latest. The arrival of its answer's headers moves the stamp back to that moment, since the server has
counted it by then. It ages out one window after its stamp. A process that dies leaves its calls as spent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from massgen_plugins.quota import NANOSECONDS, Amounts, CalendarDay, Limit, Sliding, margin_of
from massgen_plugins.rate_limit.calendar_day import DayCounter, day_end, day_of
from massgen_plugins.rate_limit.sliding import SlidingLog

__all__ = ["WRITE_GRACE", "Hold", "Ledger", "Moment"]

WRITE_GRACE = NANOSECONDS // 20
"""How long, in nanoseconds, an admitted call may take until it is written without being restamped."""

_DAY_MARGIN = 2 * NANOSECONDS
"""A call this close before midnight counts in both days: the server may book it on either."""


class Moment(NamedTuple):
    """A point in time on both clocks.

    Attributes:
        tick: Nanoseconds of the store's clock, which never jumps; for sliding windows.
        wall: Nanoseconds since the epoch; for calendar days.
    """

    tick: int
    wall: int


@dataclass(frozen=True, slots=True)
class Hold:
    """What an admitted call holds.

    Attributes:
        begun: Tick from which the margin counts: when the call was, or at the latest will be, written.
        wall: When it was admitted, in nanoseconds since the epoch; decides on its calendar days.
        amounts: What it holds, by kind.
        arrived: Tick at which its answer's headers came; None before.
    """

    begun: int
    wall: int
    amounts: Amounts
    arrived: int | None = None

    def stamp(self, margin: int) -> int:
        """The tick from which it ages out of a window with this margin."""
        latest = self.begun + margin
        return latest if self.arrived is None else min(latest, self.arrived)


class Ledger:
    """What a scope has spent under a set of limits.

    Args:
        limits: All of them hold at once. The order is that of ``caps`` and of every sequence here.
    """

    def __init__(self, limits: Sequence[Limit]) -> None:
        self.limits = tuple(limits)
        self.caps = [limit.amount for limit in limits]
        self._windows: dict[Sliding, tuple[int, ...]] = {}
        self._logs: dict[Sliding, SlidingLog] = {}
        self._days: dict[int, DayCounter] = {}
        for index, limit in enumerate(self.limits):
            if isinstance(limit.window, CalendarDay):
                self._days[index] = DayCounter(limit.window.zone)
            else:
                self._windows[limit.window] = (*self._windows.get(limit.window, ()), index)
        for window, columns in self._windows.items():
            self._logs[window] = SlidingLog(window.length, len(columns))

    def advance(self, now: Moment) -> None:
        """Forget what has aged out; to be called before anything is asked at a later moment."""
        for log in self._logs.values():
            log.advance(now.tick)

    def reserve(self, now: Moment, amounts: Amounts) -> Hold:
        """Write a call into all windows, whether it fits or not; see :meth:`excess`."""
        hold = Hold(begun=now.tick + WRITE_GRACE, wall=now.wall, amounts=amounts)
        self._book(hold)
        return hold

    def restate(self, old: Hold, new: Hold | None) -> None:
        """Replace what a call holds: stamp it, settle it, or (with None) release it.

        In a window from which the call has aged out nothing happens, so late news never spends anew.
        """
        for window, log in self._logs.items():
            margin = margin_of(window)
            columns = self._windows[window]
            if log.remove(old.stamp(margin), self._take(columns, old.amounts)) and new is not None:
                log.add(new.stamp(margin), self._take(columns, new.amounts))
        for index, counter in self._days.items():
            kind = self.limits[index].kind
            amount = (new.amounts.get(kind, 0) if new else 0) - old.amounts.get(kind, 0)
            for day in self._days_of(old.wall, counter.zone):
                counter.add(day, amount)

    def used(self, now: Moment) -> list[int]:
        """What counts now, by limit."""
        used = [0] * len(self.limits)
        for window, columns in self._windows.items():
            for column, index in enumerate(columns):
                used[index] = self._logs[window].used[column]
        for index, counter in self._days.items():
            used[index] = max(counter.used(day) for day in self._days_of(now.wall, counter.zone))
        return used

    def excess(self, now: Moment, amounts: Amounts) -> list[int]:
        """By how much each limit would be passed if ``amounts`` were spent now; all <= 0 means: it fits."""
        return [
            used + amounts.get(limit.kind, 0) - cap
            for used, limit, cap in zip(self.used(now), self.limits, self.caps, strict=True)
        ]

    def fits(self, now: Moment, amounts: Amounts) -> bool:
        """Whether ``amounts`` can be spent now without passing any limit."""
        return max(self.excess(now, amounts), default=0) <= 0

    def sliding_frees_at(self, now: Moment, amounts: Amounts) -> int:
        """The tick at which the sliding windows will have room for ``amounts``, if nothing is added.

        More than a whole limit needs further whole windows: the tick is then an estimate from below.
        """
        excess = self.excess(now, amounts)
        when = now.tick
        for window, columns in self._windows.items():
            log = self._logs[window]
            over = [excess[index] for index in columns]
            beyond = [o - u for o, u in zip(over, log.used, strict=True)]
            rounds = max(
                (
                    -(-b // self.caps[i])
                    for b, i in zip(beyond, columns, strict=True)
                    if b > 0 and self.caps[i]
                ),
                default=0,
            )
            when = max(when, log.frees_at(over, now.tick) + rounds * window.length)
        return when

    def spent_days(self, now: Moment, amounts: Amounts) -> list[tuple[Limit, int]]:
        """The calendar-day limits without room for ``amounts``, each with the moment it resets (epoch ns)."""
        excess = self.excess(now, amounts)
        return [
            (self.limits[index], day_end(day_of(now.wall, counter.zone), counter.zone))
            for index, counter in self._days.items()
            if excess[index] > 0
        ]

    def take_over(self, old: Ledger) -> None:
        """Carry over what was spent under other limits, wherever kind and window are the same."""
        origin = {limit.key: index for index, limit in enumerate(old.limits)}
        for window, columns in self._windows.items():
            if window in old._logs:
                sources = [origin.get(self.limits[index].key) for index in columns]
                pairs = [(c, old._windows[window].index(s)) for c, s in enumerate(sources) if s is not None]
                self._logs[window].copy_columns(old._logs[window], pairs)
        for index, counter in self._days.items():
            source = origin.get(self.limits[index].key)
            if source is not None:
                counter.spent = dict(old._days[source].spent)

    def dump(self) -> tuple[list[tuple[int, bytes]], list[list[tuple[int, int]]]]:
        """The state for a store: (horizon, cells) of each window, and (day, amount) pairs of each daily limit."""
        logs = [log.dump() for log in self._logs.values()]
        return logs, [sorted(counter.spent.items()) for counter in self._days.values()]

    def load(self, logs: Sequence[tuple[int, bytes]], days: Sequence[Sequence[tuple[int, int]]]) -> None:
        """Take over a state dumped under the same limits.

        Raises:
            ValueError: It was dumped under other limits.
        """
        if len(logs) != len(self._logs) or len(days) != len(self._days):
            raise ValueError("the stored ledger has other limits")
        for log, (horizon, cells) in zip(self._logs.values(), logs, strict=True):
            log.load(horizon, cells)
        for counter, spent in zip(self._days.values(), days, strict=True):
            counter.spent = {int(day): int(amount) for day, amount in spent}

    def _book(self, hold: Hold) -> None:
        for window, log in self._logs.items():
            log.add(hold.stamp(margin_of(window)), self._take(self._windows[window], hold.amounts))
        for index, counter in self._days.items():
            for day in self._days_of(hold.wall, counter.zone):
                counter.add(day, hold.amounts.get(self.limits[index].kind, 0))

    def _take(self, columns: Sequence[int], amounts: Amounts) -> list[int]:
        return [amounts.get(self.limits[index].kind, 0) for index in columns]

    @staticmethod
    def _days_of(wall: int, zone: str) -> tuple[int, ...]:
        day = day_of(wall, zone)
        later = day_of(wall + _DAY_MARGIN, zone)
        return (day,) if later == day else (day, later)
