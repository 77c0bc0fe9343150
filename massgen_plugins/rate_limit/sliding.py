"""One sliding window: what was spent in it, in bounded memory, and when it ages out.

Time is in integer nanoseconds: with floating-point seconds one call too many fits exactly at the edge.

A cell is a stamp and what was spent at it, one column for each limit. A window of up to ``EXACT`` cells is
exact to the nanosecond. Beyond that, calls within the same ``1 / GRID`` of the window share a cell, which ages
out with the latest of them: never too early, and at most that much too late. So a window never has more than
``EXACT + GRID`` cells and those of the margin, whatever its limits.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

__all__ = ["EXACT", "GRID", "SlidingLog"]

EXACT = 256
GRID = 500


class SlidingLog:
    """What was spent in the last ``length`` nanoseconds; stamps may lie in the future.

    Args:
        length: Nanoseconds.
        columns: How many kinds are counted; all amounts are integers, not negative.
    """

    __slots__ = ("_columns", "_grid", "_horizon", "_stamps", "_sums", "length", "used")

    def __init__(self, length: int, columns: int) -> None:
        self.length = length
        self.used = [0] * columns
        self._columns = range(columns)
        self._grid = max(1, length // GRID)
        self._horizon = 0
        self._stamps = array("q")
        self._sums = [array("q") for _ in range(columns)]

    @property
    def expiry(self) -> int | None:
        """When the next cell ages out; None if there is none."""
        return self._stamps[0] + self.length if self._stamps else None

    def advance(self, now: int) -> None:
        """Forget what has aged out at ``now``: everything stamped ``length`` ago or earlier."""
        self._horizon = horizon = max(self._horizon, now - self.length)
        stamps = self._stamps
        if not stamps or stamps[0] > horizon:
            return
        gone = bisect_right(stamps, horizon)
        del stamps[:gone]
        for column, sums in enumerate(self._sums):
            self.used[column] -= sum(sums[:gone])
            del sums[:gone]

    def add(self, stamp: int, amounts: Sequence[int]) -> None:
        """Spend ``amounts`` at ``stamp``; nothing happens if that has aged out already."""
        if stamp <= self._horizon:
            return
        stamps, sums, used = self._stamps, self._sums, self.used
        if len(stamps) < EXACT and (not stamps or stamp > stamps[-1]):
            stamps.append(stamp)
            for column in self._columns:
                sums[column].append(amounts[column])
                used[column] += amounts[column]
            return
        index = self._cell_for(stamp)
        for column in self._columns:
            sums[column][index] += amounts[column]
            used[column] += amounts[column]

    def replace(self, stamp: int, amounts: Sequence[int], new_stamp: int, new_amounts: Sequence[int]) -> None:
        """Spend something else, at another time, in place of what was spent; nothing if that has aged out."""
        if stamp != new_stamp:
            if self.remove(stamp, amounts):
                self.add(new_stamp, new_amounts)
            return
        index = bisect_left(self._stamps, stamp)
        if stamp <= self._horizon or index == len(self._stamps):
            return
        for column in self._columns:
            change = max(new_amounts[column] - amounts[column], -self._sums[column][index])
            self._sums[column][index] += change
            self.used[column] += change

    def remove(self, stamp: int, amounts: Sequence[int]) -> bool:
        """Take back what was spent at ``stamp``; False, and nothing happens, if it has aged out."""
        if stamp <= self._horizon:
            return False
        # A shared cell has the latest stamp of its calls, so the call is in the first one that is not earlier.
        first = last = bisect_left(self._stamps, stamp)
        for column in self._columns:
            amount, sums, index = amounts[column], self._sums[column], first
            while amount and index < len(sums):
                taken = min(amount, sums[index])
                sums[index] -= taken
                self.used[column] -= taken
                amount -= taken
                last = max(last, index)
                index += 1
        self._drop_empty(first, last)
        return True

    def frees_at(self, excess: Sequence[int], now: int) -> int:
        """When at least ``excess`` of every column will have aged out, if nothing is added meanwhile.

        Returns:
            ``now`` if no column has an excess; never later than when everything has aged out.
        """
        when = now
        for sums, wanted in zip(self._sums, excess, strict=True):
            freed = index = 0
            while freed < wanted and index < len(sums):
                freed += sums[index]
                index += 1
            if index:
                when = max(when, self._stamps[index - 1] + self.length)
        return when

    def dump(self) -> tuple[int, bytes]:
        """The state as (horizon, cells), for a store."""
        return self._horizon, self._stamps.tobytes() + b"".join(sums.tobytes() for sums in self._sums)

    def load(self, horizon: int, cells: bytes) -> None:
        """Take over a dumped state.

        Raises:
            ValueError: It was dumped from a window with other columns, or is damaged.
        """
        rows = array("q", cells)
        count, rest = divmod(len(rows), len(self._sums) + 1)
        stamps = rows[:count]
        sums = [rows[count * n : count * (n + 1)] for n in range(1, len(self._sums) + 1)]
        unordered = any(a >= b for a, b in zip(stamps, stamps[1:], strict=False))
        if rest or unordered or any(min(column, default=0) < 0 for column in sums):
            raise ValueError("the stored window is damaged")
        self._horizon, self._stamps, self._sums = horizon, stamps, sums
        self.used = [sum(column) for column in sums]

    def copy_columns(self, old: SlidingLog, pairs: Sequence[tuple[int, int]]) -> None:
        """Take over columns, as (own, old) pairs, of a log of the same length: the limits have changed."""
        self._horizon = old._horizon
        self._stamps = array("q", old._stamps)
        self._sums = [array("q", bytes(8 * len(self._stamps))) for _ in self._sums]
        for own, source in pairs:
            self._sums[own] = array("q", old._sums[source])
            self.used[own] = old.used[source]

    def _cell_for(self, stamp: int) -> int:
        stamps = self._stamps
        index = bisect_left(stamps, stamp)
        if index < len(stamps) and stamps[index] == stamp:
            return index
        if len(stamps) >= EXACT:
            place = stamp // self._grid
            if index < len(stamps) and stamps[index] // self._grid == place:
                return index
            if index and stamps[index - 1] // self._grid == place:
                stamps[index - 1] = stamp
                return index - 1
        stamps.insert(index, stamp)
        for sums in self._sums:
            sums.insert(index, 0)
        return index

    def _drop_empty(self, first: int, last: int) -> None:
        for index in range(min(last, len(self._stamps) - 1), first - 1, -1):
            if not any(sums[index] for sums in self._sums):
                del self._stamps[index]
                for sums in self._sums:
                    del sums[index]
