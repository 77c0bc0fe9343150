"""One limit and what is used of it."""

from __future__ import annotations

from array import array

from massgen_plugins.quota import Limit

__all__ = ["Meter"]


class Meter:
    """Counts one limit.

    Attributes:
        limit: What was declared or learned.
        kind: Its kind, at hand because every admission asks for it.
        index: Its place among the limits of the scope.
        cap: The amount in force: the limit's own, or less.
        used: What counts now.
        column: For a sliding window: what was spent, cell by cell.
    """

    __slots__ = ("cap", "column", "index", "kind", "limit", "used")

    def __init__(self, limit: Limit, index: int) -> None:
        self.limit = limit
        self.kind = limit.kind
        self.index = index
        self.cap = limit.amount
        self.used = 0
        self.column = array("q")

    def change(self, cell: int, amount: int) -> None:
        """Spend more, or less, in a cell."""
        self.column[cell] += amount
        self.used += amount

    def cells_for(self, amount: int) -> int:
        """How many of the oldest cells together hold at least ``amount``; all of them if they do not."""
        freed = cells = 0
        while freed < amount and cells < len(self.column):
            freed += self.column[cells]
            cells += 1
        return cells

    def take_over(self, column: array[int]) -> None:
        """Let ``column`` be what was spent."""
        self.column = column
        self.used = sum(column)
