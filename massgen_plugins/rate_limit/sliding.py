"""One sliding window: what was spent in it, in bounded memory, and when it ages out.

Time is in integer nanoseconds: with floating-point seconds one call too many fits exactly at the edge.

A cell is a stamp and what was spent at it, one column for each limit. A window of up to ``EXACT`` cells is
exact to the nanosecond. Beyond that, calls within the same ``1 / GRID`` of the window share a cell, which
ages out with the latest of them: never too early, and at most that much too late. So a window never has more
than ``EXACT + GRID`` cells and those of the margin, whatever its limits.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

from massgen_plugins.rate_limit.meter import Meter

__all__ = ["EXACT", "GRID", "SlidingWindow"]

EXACT = 1000
GRID = 500


class SlidingWindow:
    """What was spent in the last ``length`` nanoseconds; stamps may lie in the future.

    A *row* holds an amount for each limit of the scope, also of those that have other windows: a meter finds
    its own by its index. Amounts are integers, not negative.

    Args:
        length: Nanoseconds.
        margin: Nanoseconds that a call may take to the server's count, for whoever stamps calls.
        meters: The limits of this window.
    """

    __slots__ = ("_cell_end", "_grid", "_horizon", "_stamps", "length", "margin", "meters")

    def __init__(self, length: int, margin: int, meters: Sequence[Meter]) -> None:
        self.length = length
        self.margin = margin
        self.meters = tuple(meters)
        self._grid = max(1, length // GRID)
        self._horizon = 0
        self._cell_end = 0  # where the grid cell of the latest stamp ends
        self._stamps = array("q")

    @property
    def expiry(self) -> int | None:
        """When the next cell ages out; None if there is none."""
        return self._stamps[0] + self.length if self._stamps else None

    def advance(self, now: int) -> None:
        """Forget what has aged out at ``now``: everything stamped ``length`` ago or earlier."""
        self._horizon = horizon = max(self._horizon, now - self.length)
        gone = bisect_right(self._stamps, horizon)
        if gone:
            del self._stamps[:gone]
            for meter in self.meters:
                meter.used -= sum(meter.column[:gone])
                del meter.column[:gone]

    def add(self, stamp: int, row: Sequence[int]) -> None:
        """Spend ``row`` at ``stamp``; nothing happens if that has aged out already."""
        stamps = self._stamps
        if stamp <= (stamps[-1] if stamps else self._horizon):
            if stamp > self._horizon:
                self._change(self._cell_for(stamp), row)
        elif len(stamps) >= EXACT and stamp < self._cell_end:
            stamps[-1] = stamp
            self._change(-1, row)
        else:
            stamps.append(stamp)
            self._cell_end = stamp - stamp % self._grid + self._grid
            for meter in self.meters:
                amount = row[meter.index]
                meter.column.append(amount)
                meter.used += amount

    def move(self, stamp: int, row: Sequence[int], new_stamp: int, new_row: Sequence[int]) -> None:
        """Spend something else, at another time, in place of what was spent; nothing if that has aged out."""
        if stamp <= self._horizon:
            return
        stamps = self._stamps
        cell = len(stamps) - 1 if stamps and stamps[-1] == stamp else bisect_left(stamps, stamp)
        earlier = stamps[cell - 1] if cell else self._horizon
        if earlier < new_stamp <= stamp and self._is_alone(cell, stamp, row) and any(new_row):
            stamps[cell] = new_stamp
            for meter in self.meters:
                amount = new_row[meter.index] - row[meter.index]
                if amount:
                    meter.change(cell, amount)
        else:
            self._take_back(cell, row)
            if any(new_row):
                self.add(new_stamp, new_row)

    def frees_at(self, excess: Sequence[int], now: int) -> int:
        """When at least ``excess`` (a row) will have aged out of every limit, if nothing is added meanwhile.

        Returns:
            ``now`` if there is no excess; never later than when everything has aged out.
        """
        when = now
        for meter in self.meters:
            cells = meter.cells_for(excess[meter.index])
            if cells:
                when = max(when, self._stamps[cells - 1] + self.length)
        return when

    def dump(self) -> tuple[int, bytes]:
        """The state as (horizon, cells), for a store."""
        return self._horizon, self._stamps.tobytes() + b"".join(
            meter.column.tobytes() for meter in self.meters
        )

    def load(self, horizon: int, cells: bytes) -> None:
        """Take over a dumped state.

        Raises:
            ValueError: It was dumped from a window with other limits, or is damaged.
        """
        numbers = array("q", cells)
        count, rest = divmod(len(numbers), len(self.meters) + 1)
        stamps = numbers[:count]
        columns = [numbers[count * n : count * (n + 1)] for n in range(1, len(self.meters) + 1)]
        unordered = any(earlier >= later for earlier, later in pairwise(stamps))
        if rest or unordered or any(min(column, default=0) < 0 for column in columns):
            raise ValueError("the stored window is damaged")
        self._horizon, self._stamps = horizon, stamps
        for meter, column in zip(self.meters, columns, strict=True):
            meter.take_over(column)

    def take_over(self, old: SlidingWindow) -> None:
        """Carry over what was spent in a window of the same length, wherever the limits count the same."""
        self._horizon = old._horizon
        self._stamps = array("q", old._stamps)
        known = {meter.limit.key: meter.column for meter in old.meters}
        nothing = array("q", bytes(8 * len(self._stamps)))
        for meter in self.meters:
            meter.take_over(array("q", known.get(meter.limit.key, nothing)))

    def _change(self, cell: int, row: Sequence[int]) -> None:
        for meter in self.meters:
            meter.change(cell, row[meter.index])

    def _is_alone(self, cell: int, stamp: int, row: Sequence[int]) -> bool:
        """Whether a cell holds exactly one call, this one."""
        if cell >= len(self._stamps) or self._stamps[cell] != stamp:
            return False
        for meter in self.meters:  # noqa: SIM110 - a generator costs more than the rest of this method
            if meter.column[cell] != row[meter.index]:
                return False
        return True

    def _take_back(self, cell: int, row: Sequence[int]) -> None:
        # A shared cell has the latest stamp of its calls, so a call is in the first one that is not earlier;
        # what another call's earlier cell cannot give back is found in those behind it.
        last = cell
        for meter in self.meters:
            amount, place = row[meter.index], cell
            while amount and place < len(meter.column):
                taken = min(amount, meter.column[place])
                meter.change(place, -taken)
                amount -= taken
                last = max(last, place)
                place += 1
        for place in range(min(last, len(self._stamps) - 1), cell - 1, -1):
            if not any(meter.column[place] for meter in self.meters):
                del self._stamps[place]
                for meter in self.meters:
                    del meter.column[place]

    def _cell_for(self, stamp: int) -> int:
        stamps = self._stamps
        cell = bisect_left(stamps, stamp)
        if cell < len(stamps) and stamps[cell] == stamp:
            return cell
        if len(stamps) >= EXACT:
            place = stamp // self._grid
            if cell < len(stamps) and stamps[cell] // self._grid == place:
                return cell
            if cell and stamps[cell - 1] // self._grid == place:
                stamps[cell - 1] = stamp
                return cell - 1
        stamps.insert(cell, stamp)
        for meter in self.meters:
            meter.column.insert(cell, 0)
        return cell
