"""One sliding window: what was spent in it, in constant memory, and when it ages out.

Time is in integer nanoseconds: with floating-point seconds one call too many fits exactly at the edge.
The window is cut into a fixed grid of cells. A cell knows its latest stamp and the sum of each column, and
ages out as a whole when its latest stamp does. A cell with one event in it is therefore exact, and one with
several frees the earlier ones late by less than a cell: never too early, at most ``length / CELLS`` too late.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

__all__ = ["CELLS", "SlidingLog"]

CELLS = 500
"""Cells per window: 120 ms of a minute, which costs less than 0.2 % of a saturated limit."""


class SlidingLog:
    """What was spent in the last ``length`` nanoseconds, one column for each limit of that window.

    Stamps may lie up to ``margin`` nanoseconds in the future. All amounts are integers, not negative.
    """

    __slots__ = ("_cell", "_size", "_stamps", "_sums", "_tail", "length", "margin", "used")

    def __init__(self, length: int, margin: int, columns: int) -> None:
        self.length = length
        self.margin = margin
        self._cell = max(1, length // CELLS)
        # Two more than the grid needs, since window and margin may both begin and end within a cell.
        self._size = (length + margin) // self._cell + 2
        self._stamps = array("q", bytes(8 * self._size))
        self._sums = [array("q", bytes(8 * self._size)) for _ in range(columns)]
        self._tail = 0
        self.used = [0] * columns

    def advance(self, now: int) -> None:
        """Forget what has aged out at ``now``: every cell whose latest stamp is ``length`` ago or more."""
        horizon = now - self.length
        last = horizon // self._cell
        if last - self._tail >= self._size:
            self._clear_all()
            self._tail = last
        tail = self._tail
        while tail <= last:
            position = tail % self._size
            stamp = self._stamps[position]
            if stamp > horizon:
                break
            if stamp:
                self._clear(position)
            tail += 1
        self._tail = tail

    def add(self, stamp: int, amounts: Sequence[int]) -> None:
        """Spend ``amounts`` at ``stamp``, not beyond the margin; nothing happens if that has aged out."""
        index = stamp // self._cell
        if index < self._tail:
            return
        position = index % self._size
        if stamp > self._stamps[position]:
            self._stamps[position] = stamp
        for column, amount in enumerate(amounts):
            self._sums[column][position] += amount
            self.used[column] += amount

    def remove(self, stamp: int, amounts: Sequence[int]) -> bool:
        """Take back what was spent at ``stamp``; False, and nothing happens, if it has aged out."""
        index = stamp // self._cell
        if index < self._tail:
            return False
        position = index % self._size
        rest = 0
        for column, amount in enumerate(amounts):
            sums = self._sums[column]
            taken = min(amount, sums[position])
            sums[position] -= taken
            self.used[column] -= taken
            rest += sums[position]
        if not rest:
            self._stamps[position] = 0
        return True

    def frees_at(self, excess: Sequence[int], now: int) -> int:
        """When at least ``excess`` of every column will have aged out, if nothing is added meanwhile.

        Returns:
            ``now`` if no column has an excess; never later than when everything has aged out.
        """
        missing = [max(0, amount) for amount in excess]
        when = now
        for index in range(self._tail, self._tail + self._size):
            if not any(missing):
                break
            position = index % self._size
            if self._stamps[position]:
                when = max(when, self._stamps[position] + self.length)
                missing = [max(0, m - s[position]) for m, s in zip(missing, self._sums, strict=True)]
        return when

    def dump(self) -> tuple[int, bytes]:
        """The state as (tail, cells), for a store."""
        return self._tail, self._stamps.tobytes() + b"".join(column.tobytes() for column in self._sums)

    def load(self, tail: int, cells: bytes) -> None:
        """Take over a dumped state of the same shape.

        Raises:
            ValueError: It was dumped from a log of another shape.
        """
        span = 8 * self._size
        if len(cells) != span * (1 + len(self._sums)):
            raise ValueError("the stored window has another shape")
        self._tail = tail
        self._stamps = array("q", cells[:span])
        self._sums = [array("q", cells[span * n : span * (n + 1)]) for n in range(1, len(self.used) + 1)]
        self.used = [sum(column) for column in self._sums]

    def copy_column(self, column: int, other: SlidingLog, source: int) -> None:
        """Take over one column of a log with the same window, as when the limits of a scope change."""
        if (other.length, other.margin) != (self.length, self.margin):
            raise ValueError("the windows differ")
        self._tail = other._tail
        self._sums[column] = array("q", other._sums[source])
        self._stamps = array("q", other._stamps)
        self.used[column] = other.used[source]

    def _clear(self, position: int) -> None:
        self._stamps[position] = 0
        for column, sums in enumerate(self._sums):
            self.used[column] -= sums[position]
            sums[position] = 0

    def _clear_all(self) -> None:
        for position in range(self._size):
            self._clear(position)
