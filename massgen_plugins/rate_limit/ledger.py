"""What one scope has spent, in all its limits at once. Pure: every moment is an argument.

A call is written into its windows at once, with a stamp in the *future*: by when the server will have
counted it at the latest. The arrival of its answer's headers moves the stamp back to that moment, since the
server has counted it by then. It ages out one window after its stamp. A process that dies leaves its calls as
spent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from massgen_plugins.quota import NANOSECONDS, Amounts, CalendarDay, Limit, Sliding, margin_of
from massgen_plugins.rate_limit.calendar_day import DayCounter, day_end, day_of
from massgen_plugins.rate_limit.hold import NOT_YET, Change, Hold, Page, admitted, fitted
from massgen_plugins.rate_limit.lanes import Lanes, pack, unpack
from massgen_plugins.rate_limit.sliding import SlidingWindow

__all__ = ["WRITE_GRACE", "Ledger", "Moment"]

WRITE_GRACE = NANOSECONDS // 20
"""How long, in nanoseconds, an admitted call may take until it is written without being restamped."""

_NEVER = NOT_YET

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
        slack: Nanoseconds by which it may be later than ``wall`` says.
    """

    tick: int
    wall: int
    slack: int = 0


class Ledger:
    """What a scope has spent under a set of limits.

    What is taken is counted at once, and entered into the windows and days in batches: a batch ends where a
    window's cell does, so its calls would have shared one anyway.

    Attributes:
        lanes: The limits, side by side; a *row* holds an amount for each of them.
        caps: The amounts in force: the limits' own, or less.
        aloft: Calls that were admitted here, and of which no news has come.

    Args:
        limits: All of them hold at once.
        born: Names the books. News of a call that was entered in others (of a file that was lost, of a
            process that was alone) changes nothing here.
    """

    def __init__(self, limits: Sequence[Limit], born: int = 0) -> None:
        self.lanes = lanes = Lanes(limits)
        self._row, self._guards = lanes.row, lanes.guards
        self.caps = [limit.amount for limit in limits]
        self.aloft = 0
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
        self._page = Page(lanes, {}, born)
        self._batch = self._latest = 0  # what was taken and is not yet entered (a row); when at the latest
        self._until = 0
        self._wall_from = self._wall_until = self._slack = 0

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
        tick, wall, slack = now
        self._enter()
        if slack != self._slack or not self._wall_from <= wall < self._wall_until:
            self._turn_days(wall, slack)
        self._until = tick + min(_GLANCE, self._wall_until - wall)
        for window in self._windows:
            if tick >= window.expiry:
                self._left += window.age(tick)
            self._until = min(self._until, window.expiry, window.shared_until(tick))

    def take(self, tick: int, amounts: Amounts) -> Hold | None:
        """Reserve ``amounts`` if they fit as they are: the way of nearly every call, so without detours.

        None also if the ledger has to be advanced first; see :meth:`stale`.
        """
        row = self._row(amounts)
        left = self._left - row
        if left & self._guards != self._guards or tick >= self._until:
            return None
        self._left = left
        self._batch += row
        self._latest = tick
        self.aloft += 1
        return admitted(tick + WRITE_GRACE, row, self._page)

    def stale(self, tick: int) -> bool:
        """Whether it has to be advanced to this tick before :meth:`take` can say anything."""
        return tick >= self._until

    def book(self, tick: int, row: int) -> Hold:
        """Take ``row`` whether it fits or not, after an advance to this tick; see :meth:`excess`."""
        self._left -= row
        self._batch += row
        self._latest = tick
        self.aloft += 1
        return admitted(tick + WRITE_GRACE, row, self._page)

    def rebook(self, holds: Iterable[Hold]) -> list[Change]:
        """Take note of what is true of calls by now: stamp them, settle them, release them.

        In a window from which a call has aged out nothing happens, so late news never spends anew.

        Returns:
            What has changed by that.
        """
        changes: list[Change] = []
        today = self._page
        for hold in holds:
            page = hold.page
            if page is not today:
                if not self._readable(hold):
                    continue
                page = hold.page
            # Read once: another thread may report on the call meanwhile, and will then rebook it again.
            before, after = hold.booked, (hold.begun, hold.arrived, hold.row)
            if before != after:
                hold.booked = after
                if before[0] != after[0]:  # written late, so as if it had been admitted only now
                    changes.append((before, (before[0], before[1], 0), page))
                    before, page = (after[0], NOT_YET, 0), today
                    hold.page = today
                changes.append((before, after, page))
                if before[1] == NOT_YET != after[1]:
                    self.aloft -= 1
        if changes:
            self.replay(changes)
        return changes

    def replay(self, changes: Sequence[Change]) -> None:
        """Carry out changes, from the books of other processes too; a call that is new had taken nothing."""
        self._enter()
        if self._days:
            self._change_days(changes)
        for window in self._windows:
            self._left += window.move(changes)
            self._until = min(self._until, window.expiry)

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
        self._enter()
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
        old._enter()
        self.aloft = old.aloft
        spent = {window.length: list(window.cells()) for window in old._windows}
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
        self._enter()
        return [list(window.cells()) for window in self._windows], [dict(c.spent()) for c in self._days]

    def fill(self, windows: Sequence[Iterable[tuple[int, int]]], days: Sequence[Mapping[int, int]]) -> None:
        """Hold what :meth:`spent` said, and nothing else; to be advanced before anything is asked.

        Raises:
            ValueError: It was said under other limits, or is damaged.
        """
        if len(windows) != len(self._windows) or len(days) != len(self._days):
            raise ValueError("the stored ledger has other limits")
        self._batch = 0
        left = self.lanes.left(self.caps, 0)
        for window, cells in zip(self._windows, windows, strict=True):
            window.fill(cells)
            left -= sum(row for _, row in window.cells())
        for counter, spent in zip(self._days, days, strict=True):
            counter.fill(spent)
            left -= counter.used()
        self._left = left
        self._until = self._wall_from = self._wall_until = 0

    def _window(self, window: Sliding, steps: int) -> SlidingWindow:
        mask = self._mask(window)
        guards = self.lanes.guards & mask
        return SlidingWindow(window.length, margin_of(window), WRITE_GRACE, mask, guards, steps)

    def _mask(self, window: Sliding | CalendarDay) -> int:
        return self.lanes.mask(limit for limit in self.lanes.limits if limit.window == window)

    def _readable(self, hold: Hold) -> bool:
        """Whether a call was entered in these books, whose limits may be others by now."""
        if hold.page.lanes is not self.lanes and hold.page.born == self._page.born:
            hold.fit_to(self.lanes)
        return hold.page.lanes is self.lanes

    def _enter(self) -> None:
        """Write the batch into windows and days."""
        row, self._batch = self._batch, 0
        if not row:
            return
        begun = self._latest + WRITE_GRACE
        for window in self._windows:
            window.add(begun + window.margin, row)
        for counter in self._days:
            counter.change(self._page.days[counter.zone], 0, row)

    def _change_days(self, changes: Iterable[Change]) -> None:
        known, row, new_row = self._page, 0, 0
        for before, after, page in changes:
            if page is not known:  # hardly ever: at midnight, and in what others have written
                self._change_day(known.days, row, new_row)
                known, row, new_row = page, 0, 0
            row += before[2]
            new_row += after[2]
        self._change_day(known.days, row, new_row)

    def _change_day(self, days: Mapping[str, tuple[int, ...]], row: int, new_row: int) -> None:
        if not (row ^ new_row) & self._day_mask:
            return
        for counter in self._days:
            before = counter.used()
            counter.change(days.get(counter.zone, ()), row, new_row)
            self._left += before - counter.used()

    def _turn_days(self, wall: int, slack: int) -> None:
        self._wall_from, self._wall_until, self._slack = 0, _NEVER, slack
        today = {}
        for counter in self._days:
            before = counter.used()
            today[counter.zone], since, until = counter.turn(wall, slack)
            self._left += before - counter.used()
            self._wall_from, self._wall_until = max(self._wall_from, since), min(self._wall_until, until)
        if today != self._page.days:
            self._page = replace(self._page, days=today)


def _steps(windows: int, limits: int) -> int:
    """Into how many cells windows are cut."""
    cell = 48 + 8 * limits  # an entry in each list, and an integer with a lane for each limit
    return min(_MOST_STEPS, _MEMORY // (cell * windows)) if windows else _MOST_STEPS
