"""What one scope has spent, in all its limits at once. Pure: every moment is an argument.

A call is written into its windows at once, with a stamp in the *future*: by when the server will have
counted it at the latest. The arrival of its answer's headers moves the stamp back to that moment, since the
server has counted it by then. It ages out one window after its stamp. A process that dies leaves its calls as
spent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from massgen_plugins.quota import NANOSECONDS, Amounts, CalendarDay, Limit, Sliding, margin_of
from massgen_plugins.rate_limit.calendar_day import DayCounter, day_end, day_of
from massgen_plugins.rate_limit.hold import Booked, Hold, fitted
from massgen_plugins.rate_limit.lanes import Lanes, pack, unpack
from massgen_plugins.rate_limit.sliding import SlidingWindow

__all__ = ["WRITE_GRACE", "Ledger", "Moment"]

WRITE_GRACE = NANOSECONDS // 20
"""How long, in nanoseconds, an admitted call may take until it is written without being restamped."""

_NEVER = 1 << 62

_GLANCE = NANOSECONDS
"""How often, in nanoseconds, the wall clock is looked at: it may be set meanwhile."""

_MOST_STEPS = 500
_MEMORY = 56_000
"""Bytes that the cells of a scope may take in all: with very many limits the steps are made wider."""


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

    Attributes:
        lanes: The limits, side by side; a *row* holds an amount for each of them.
        caps: The amounts in force: the limits' own, or less.

    Args:
        limits: All of them hold at once.
    """

    def __init__(self, limits: Sequence[Limit]) -> None:
        self.lanes = lanes = Lanes(limits)
        self.caps = [limit.amount for limit in limits]
        self._left = lanes.left(self.caps, 0)
        spans = {limit.window: None for limit in limits}
        sliding = [window for window in spans if isinstance(window, Sliding)]
        steps = _steps(len(sliding), len(limits))
        self._windows = [self._window(window, steps) for window in sliding]
        self._days = [
            DayCounter(window.zone, len(limits), self._mask(window))
            for window in spans
            if isinstance(window, CalendarDay)
        ]
        self._day_mask = sum(counter.mask for counter in self._days)
        self._pending = 0  # taken of today's limits (a row), and not yet in the counters
        self._today: Mapping[str, tuple[int, ...]] = {}
        self._expiry = self._until = 0
        self._wall_from = self._wall_until = 0

    @property
    def zones(self) -> list[str]:
        """The zones whose days are counted."""
        return [counter.zone for counter in self._days]

    def set_caps(self, caps: Sequence[int]) -> None:
        """Let other amounts be in force."""
        self._left += pack(caps) - pack(self.caps)
        self.caps = list(caps)

    def advance(self, now: Moment) -> None:
        """Forget what has aged out; to be called before anything is asked at a later moment."""
        tick, wall = now
        if tick >= self._expiry:
            self._age(tick)
        if not self._wall_from <= wall < self._wall_until:
            self._turn_days(wall)
        self._until = min(self._expiry, tick + min(_GLANCE, self._wall_until - wall))

    def take(self, tick: int, amounts: Amounts) -> Hold | None:
        """Reserve ``amounts`` if they fit as they are: the way of nearly every call, so without detours.

        None also if the ledger has to be advanced first, which is so once a second.
        """
        lanes = self.lanes
        row = lanes.row(amounts)
        left = self._left - row
        if left & lanes.guards != lanes.guards or tick >= self._until:
            return None
        # From here on as in `book`, through which a call comes that had to wait.
        self._left = left
        self._pending += row & self._day_mask
        begun = tick + WRITE_GRACE
        for window in self._windows:
            window.add(begun + window.margin, row)
        return Hold(begun, row, lanes, self._today)

    def stale(self, tick: int) -> bool:
        """Whether it has to be advanced to this tick before :meth:`take` can say anything."""
        return tick >= self._until

    def book(self, tick: int, row: int) -> Hold:
        """Write a call into all windows, whether it fits or not; see :meth:`excess`."""
        begun = tick + WRITE_GRACE
        self._left -= row
        self._pending += row & self._day_mask
        for window in self._windows:
            window.add(begun + window.margin, row)
        return Hold(begun, row, self.lanes, self._today)

    def rebook(self, hold: Hold) -> None:
        """Take note of what is true of a call by now: stamp it, settle it, release it.

        In a window from which the call has aged out nothing happens, so late news never spends anew.
        """
        if hold.lanes is not self.lanes:
            hold.fit_to(self.lanes)
        begun, arrived, row = hold.booked
        # Read once: another thread may report on the call meanwhile, and will then rebook it again.
        hold.booked = new_begun, new_arrived, new_row = hold.begun, hold.arrived, hold.row
        self._left += row - new_row
        if new_begun != begun:  # it was written late: the ring has to reach as far
            self._age(new_begun - WRITE_GRACE)
        for window in self._windows:
            stamp, new_stamp = begun + window.margin, new_begun + window.margin
            stamp = min(stamp, arrived)
            new_stamp = min(new_stamp, new_arrived)
            self._left += window.move(stamp, row, new_stamp, new_row)
            expiry = new_stamp + window.length
            if expiry < self._expiry:
                self._expiry, self._until = expiry, min(self._until, expiry)
        if (row ^ new_row) & self._day_mask:
            self._change_days(hold.days, row, new_row)

    def replay(self, before: Booked | None, after: Booked, days: Mapping[str, tuple[int, ...]]) -> None:
        """Let happen what happened to a call in the books of another process; ``before`` None: it was new."""
        begun, _, row = after
        if before is None:
            if begun >= self._expiry:
                self._age(begun - WRITE_GRACE)
            self._left -= row
            for window in self._windows:
                window.add(begun + window.margin, row)
                self._expiry = min(self._expiry, begun + window.margin + window.length)
            self._until = min(self._until, self._expiry)
            self._change_days(days, 0, row)
            return
        self.rebook(_replayed(before, after, self.lanes, days))

    def row(self, amounts: Amounts) -> int:
        """What ``amounts`` take of each limit, and no more than all of it.

        Estimates are upper bounds, and an empty window is all that there is to give.
        """
        taken = unpack(self.lanes.row(amounts), len(self.caps))
        return pack(min(a, cap) if cap else a for a, cap in zip(taken, self.caps, strict=True))

    def excess(self, row: int) -> list[int]:
        """By how much each limit would be passed if ``row`` were spent now; all <= 0 means: it fits."""
        return self.lanes.excess(self._left - row)

    def used(self) -> list[int]:
        """What counts now, of each limit."""
        return [cap + excess for cap, excess in zip(self.caps, self.excess(0), strict=True)]

    def sliding_frees_at(self, now: Moment, row: int) -> int:
        """The tick at which the sliding windows will have room for ``row``, if nothing is added.

        More than a whole limit needs further whole windows: the tick is then an estimate from below.
        """
        when = now.tick
        for window in self._windows:
            wanted = zip(unpack(row & window.mask, len(self.caps)), self.caps, strict=True)
            rounds = max(-(-max(0, amount - cap) // cap) if cap else 0 for amount, cap in wanted)
            when = max(when, window.frees_at(self._left - row, now.tick) + rounds * window.length)
        return when

    def spent_day(self, now: Moment, excess: Sequence[int]) -> tuple[Limit, int] | None:
        """Of the calendar-day limits that are passed, the one that resets last, and when (epoch ns)."""
        spent = [
            (day_end(day_of(now.wall, limit.window.zone), limit.window.zone), index)
            for index, limit in enumerate(self.lanes.limits)
            if excess[index] > 0 and isinstance(limit.window, CalendarDay)
        ]
        if not spent:
            return None
        resets, index = max(spent)
        return self.lanes.limits[index], resets

    def take_over(self, old: Ledger) -> None:
        """Carry over what was spent under other limits, wherever kind and window are the same."""
        spent = {window.length: list(window.cells()) for window in old._windows}
        old._enter_pending()
        days = {counter.zone: counter.spent() for counter in old._days}
        self.fill(
            [
                [(stamp, fitted(row, old.lanes, self.lanes)) for stamp, row in spent.get(window.length, ())]
                for window in self._windows
            ],
            [
                {day: fitted(row, old.lanes, self.lanes) for day, row in days.get(counter.zone, {}).items()}
                for counter in self._days
            ],
        )

    def spent(self) -> tuple[list[list[tuple[int, int]]], list[dict[int, int]]]:
        """The state for a store: the cells (stamp, row) of each window, the rows of each zone's days."""
        self._enter_pending()
        return [list(window.cells()) for window in self._windows], [dict(c.spent()) for c in self._days]

    def fill(self, windows: Sequence[Iterable[tuple[int, int]]], days: Sequence[Mapping[int, int]]) -> None:
        """Hold what :meth:`spent` said, and nothing else; to be advanced before anything is asked.

        Raises:
            ValueError: It was said under other limits, or is damaged.
        """
        if len(windows) != len(self._windows) or len(days) != len(self._days):
            raise ValueError("the stored ledger has other limits")
        self._pending = 0
        left = self.lanes.left(self.caps, 0)
        for window, cells in zip(self._windows, windows, strict=True):
            window.fill(cells)
            left -= sum(row for _, row in window.cells())
        for counter, spent in zip(self._days, days, strict=True):
            counter.fill(spent)
            left -= counter.used()
        self._left = left
        self._expiry = self._until = self._wall_from = self._wall_until = 0

    def _window(self, window: Sliding, steps: int) -> SlidingWindow:
        mask = self._mask(window)
        guards = self.lanes.guards & mask
        return SlidingWindow(window.length, margin_of(window), WRITE_GRACE, mask, guards, steps)

    def _mask(self, window: Sliding | CalendarDay) -> int:
        return self.lanes.mask(limit for limit in self.lanes.limits if limit.window == window)

    def _age(self, tick: int) -> None:
        self._expiry = tick + _NEVER
        for window in self._windows:
            self._left += window.age(tick)
            expiry = window.expiry()
            # With nothing to age out, the ring has to follow once in a while all the same.
            self._expiry = min(self._expiry, tick + window.length if expiry is None else expiry)

    def _change_days(self, days: Mapping[str, tuple[int, ...]], row: int, new_row: int) -> None:
        self._enter_pending()
        for counter in self._days:
            before = counter.used()
            counter.change(days.get(counter.zone, ()), row, new_row)
            self._left += before - counter.used() + (new_row & counter.mask) - (row & counter.mask)

    def _enter_pending(self) -> None:
        row, self._pending = self._pending, 0
        if row:
            for counter in self._days:
                counter.change(self._today[counter.zone], 0, row)

    def _turn_days(self, wall: int) -> None:
        self._enter_pending()
        self._wall_from, self._wall_until = 0, _NEVER
        today = {}
        for counter in self._days:
            before = counter.used()
            today[counter.zone], since, until = counter.turn(wall)
            self._left += before - counter.used()
            self._wall_from, self._wall_until = max(self._wall_from, since), min(self._wall_until, until)
        self._today = today


def _replayed(before: Booked, after: Booked, lanes: Lanes, days: Mapping[str, tuple[int, ...]]) -> Hold:
    hold = Hold(before[0], before[2], lanes, days)
    hold.booked = before
    hold.begun, hold.arrived, hold.row = after
    return hold


def _steps(windows: int, limits: int) -> int:
    """Into how many cells windows are cut."""
    cell = 48 + 8 * limits  # an entry in each list, and an integer with a lane for each limit
    return min(_MOST_STEPS, _MEMORY // (cell * windows)) if windows else _MOST_STEPS
