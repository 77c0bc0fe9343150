"""What one scope has spent, in all its limits at once. Pure: every moment is an argument.

A call is written into its windows at once, with a stamp in the *future*: by when the server will have
counted it at the latest. The arrival of its answer's headers moves the stamp back to that moment, since the
server has counted it by then. It ages out one window after its stamp. A process that dies leaves its calls as
spent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from massgen_plugins.quota import NANOSECONDS, Amounts, CalendarDay, Limit, Sliding, margin_of
from massgen_plugins.rate_limit.calendar_day import DayCounter, day_end, day_of
from massgen_plugins.rate_limit.hold import Hold
from massgen_plugins.rate_limit.meter import Meter
from massgen_plugins.rate_limit.sliding import SlidingWindow

__all__ = ["WRITE_GRACE", "Ledger", "Moment"]

WRITE_GRACE = NANOSECONDS // 20
"""How long, in nanoseconds, an admitted call may take until it is written without being restamped."""

_NEVER = 1 << 62


class Moment(NamedTuple):
    """A point in time on both clocks.

    Attributes:
        tick: Nanoseconds of the store's clock, which never jumps; for sliding windows.
        wall: Nanoseconds since the epoch; for calendar days.
    """

    tick: int
    wall: int


class Ledger:
    """What a scope has spent under a set of limits.

    A *row* is a list of amounts, one for each of ``meters``.

    Args:
        limits: All of them hold at once.
    """

    def __init__(self, limits: Sequence[Limit]) -> None:
        self.meters = tuple(Meter(limit, index) for index, limit in enumerate(limits))
        spans: dict[Sliding, list[Meter]] = {}
        self._days: list[DayCounter] = []
        for meter in self.meters:
            window = meter.limit.window
            if isinstance(window, CalendarDay):
                self._days.append(DayCounter(meter, window.zone))
            else:
                spans.setdefault(window, []).append(meter)
        self._windows = [
            SlidingWindow(span.length, margin_of(span), meters) for span, meters in spans.items()
        ]
        self._today: dict[int, tuple[int, ...]] = {}
        self._tick_until = 0
        self._wall_from = self._wall_until = 0

    def advance(self, now: Moment) -> None:
        """Forget what has aged out; to be called before anything is asked at a later moment."""
        tick, wall = now
        if tick >= self._tick_until:
            self._age(tick)
        if not self._wall_from <= wall < self._wall_until:
            self._turn_days(wall)

    def take(self, tick: int, wall: int, amounts: Amounts) -> Hold | None:
        """Reserve ``amounts`` if they fit as they are: the way of nearly every call, so without detours."""
        if tick >= self._tick_until or not self._wall_from <= wall < self._wall_until:
            self.advance(Moment(tick, wall))
        row = []
        for meter in self.meters:
            amount = amounts.get(meter.kind, 0)
            if meter.used + amount > meter.cap:
                return None
            row.append(amount)
        return self.book(tick, row)

    def book(self, tick: int, row: list[int]) -> Hold:
        """Write a call into all windows, whether it fits or not; see :meth:`excess`."""
        hold = Hold(tick + WRITE_GRACE, row, self.meters, self._today)
        for window in self._windows:
            window.add(hold.begun + window.margin, row)
        for counter in self._days:
            amount = row[counter.meter.index]
            counter.pending += amount
            counter.meter.used += amount
        return hold

    def rebook(self, hold: Hold) -> None:
        """Take note of what is true of a call by now: stamp it, settle it, release it.

        In a window from which the call has aged out nothing happens, so late news never spends anew.
        """
        if hold.meters is not self.meters:
            hold.fit_to(self.meters)
        begun, arrived, row = hold.booked
        # Read once: another thread may report on the call meanwhile, and will then rebook it again.
        hold.booked = new_begun, new_arrived, new_row = hold.begun, hold.arrived, hold.row
        for window in self._windows:
            stamp, new_stamp = begun + window.margin, new_begun + window.margin
            if arrived is not None and arrived < stamp:
                stamp = arrived
            if new_arrived is not None and new_arrived < new_stamp:
                new_stamp = new_arrived
            window.move(stamp, row, new_stamp, new_row)
            self._tick_until = min(self._tick_until, new_stamp + window.length)
        for counter in self._days:
            index = counter.meter.index
            if new_row[index] != row[index]:
                counter.add(hold.days.get(index, ()), new_row[index] - row[index])

    def row(self, amounts: Amounts) -> list[int]:
        """What ``amounts`` take of each limit, and no more than all of it.

        Estimates are upper bounds, and an empty window is all that there is to give.
        """
        taken = [amounts.get(meter.kind, 0) for meter in self.meters]
        return [min(a, meter.cap) if meter.cap else a for a, meter in zip(taken, self.meters, strict=True)]

    def excess(self, row: Sequence[int]) -> list[int]:
        """By how much each limit would be passed if ``row`` were spent now; all <= 0 means: it fits."""
        return [meter.used + amount - meter.cap for amount, meter in zip(row, self.meters, strict=True)]

    def sliding_frees_at(self, now: Moment, row: Sequence[int]) -> int:
        """The tick at which the sliding windows will have room for ``row``, if nothing is added.

        More than a whole limit needs further whole windows: the tick is then an estimate from below.
        """
        excess = self.excess(row)
        when = now.tick
        for window in self._windows:
            rounds = max(
                -(-max(0, row[meter.index] - meter.cap) // meter.cap) if meter.cap else 0
                for meter in window.meters
            )
            when = max(when, window.frees_at(excess, now.tick) + rounds * window.length)
        return when

    def spent_day(self, now: Moment, excess: Sequence[int]) -> tuple[Limit, int] | None:
        """Of the calendar-day limits that are passed, the one that resets last, and when (epoch ns)."""
        spent = [
            (day_end(day_of(now.wall, counter.zone), counter.zone), counter.meter.index)
            for counter in self._days
            if excess[counter.meter.index] > 0
        ]
        if not spent:
            return None
        resets, index = max(spent)
        return self.meters[index].limit, resets

    def take_over(self, old: Ledger) -> None:
        """Carry over what was spent under other limits, wherever kind and window are the same."""
        windows = {window.length: window for window in old._windows}
        for window in self._windows:
            if window.length in windows:
                window.take_over(windows[window.length])
        counters = {counter.meter.limit.key: counter for counter in old._days}
        for counter in self._days:
            if counter.meter.limit.key in counters:
                counter.spent = dict(counters[counter.meter.limit.key].spent)
        self._tick_until = self._wall_until = 0

    def dump(self) -> tuple[list[tuple[int, bytes]], list[list[tuple[int, int]]]]:
        """The state for a store: (horizon, cells) of each window, (day, amount) pairs of each daily limit."""
        return [window.dump() for window in self._windows], [sorted(c.spent.items()) for c in self._days]

    def load(self, logs: Sequence[tuple[int, bytes]], days: Sequence[Sequence[tuple[int, int]]]) -> None:
        """Take over a state dumped under the same limits.

        Raises:
            ValueError: It was dumped under other limits.
        """
        if len(logs) != len(self._windows) or len(days) != len(self._days):
            raise ValueError("the stored ledger has other limits")
        for window, (horizon, cells) in zip(self._windows, logs, strict=True):
            window.load(horizon, cells)
        for counter, spent in zip(self._days, days, strict=True):
            counter.spent = {int(day): int(amount) for day, amount in spent}
        self._tick_until = self._wall_until = 0

    def _age(self, tick: int) -> None:
        for window in self._windows:
            window.advance(tick)
        # With nothing to age out, the horizon has to follow once in a while all the same.
        lengths = [window.length for window in self._windows]
        expiries = [window.expiry for window in self._windows]
        self._tick_until = min(
            (e for e in expiries if e is not None), default=tick + min(lengths, default=_NEVER)
        )

    def _turn_days(self, wall: int) -> None:
        self._wall_from, self._wall_until = 0, _NEVER
        for counter in self._days:
            days, since, until = counter.turn(wall)
            self._today = {**self._today, counter.meter.index: days}
            self._wall_from, self._wall_until = max(self._wall_from, since), min(self._wall_until, until)
