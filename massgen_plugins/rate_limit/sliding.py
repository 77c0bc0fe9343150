"""One sliding window: what was spent in it, in bounded memory, and when it ages out.

Time is in integer nanoseconds: with floating-point seconds one call too many fits exactly at the edge.

The window is a ring of cells, each one step of time wide. A cell holds what was spent within its step, and
the latest stamp of it: all of it ages out one window after that stamp, never too early. A call that is alone
in its cell ages out exactly on time; one that shares it, at most one step late.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

from massgen_plugins.rate_limit.hold import Change

__all__ = ["SlidingWindow"]

_SPARE = 2
"""Cells at either end, in which window and margin begin or end."""


class SlidingWindow:
    """What was spent in the last ``length`` nanoseconds; stamps may lie up to ``margin`` in the future.

    Whole rows are kept, since taking them apart costs more than all the rest.

    Args:
        length: Nanoseconds.
        margin: Nanoseconds that a call may take to the server's count, for whoever stamps calls.
        ahead: Nanoseconds that a call may be stamped ahead of now, beyond the margin.
        mask: The lanes of this window's limits; what the others hold means nothing.
        guards: Their guards.
        steps: The most cells in which the window's length is cut, and more than half as many as there are.

    Attributes:
        expiry: Until this tick nothing ages out; there may be nothing to age out at it, either.
    """

    __slots__ = (
        "_cells",
        "_first",
        "_held",
        "_reach",
        "_shift",
        "_size",
        "_slack",
        "_stamps",
        "expiry",
        "guards",
        "length",
        "margin",
        "mask",
    )

    def __init__(  # noqa: PLR0913, PLR0917 - all that a window is
        self, length: int, margin: int, ahead: int, mask: int, guards: int, steps: int
    ) -> None:
        self.length = length
        self.margin = margin
        self.mask = mask
        self.guards = guards
        self._shift = (length // steps).bit_length()  # a step is the next power of two, so no time is divided
        self._reach = margin + ahead
        # A stamp may move back by all that it is ahead, so the ring begins that much before what it holds.
        self._slack = (self._reach >> self._shift) + _SPARE
        self._size = (length >> self._shift) + 2 * self._slack
        self._cells = [0] * self._size
        self._stamps = array("q", bytes(8 * self._size))
        self._held = bytearray(self._size)  # 1 for each cell that holds something: the next is found at once
        self.expiry = 0
        self._first = 0  # the earliest step (counted from tick zero) whose cell may hold something

    def add(self, stamp: int, row: int) -> None:
        """Spend ``row`` at ``stamp``, which must not have aged out."""
        self._put((stamp >> self._shift) % self._size, row, stamp)

    def _put(self, cell: int, row: int, stamp: int) -> None:
        self._held[cell] = 1
        self._cells[cell] += row
        if self._stamps[cell] < stamp:  # noqa: PLR1730 - calling max costs as much as all the rest
            self._stamps[cell] = stamp
        if self.expiry > stamp + self.length:  # noqa: PLR1730
            self.expiry = stamp + self.length

    def shared_until(self, tick: int) -> int:
        """The tick before which a call that is taken goes into the same cell as one that is taken now."""
        return ((tick + self._reach >> self._shift) + 1 << self._shift) - self._reach

    def move(self, changes: Iterable[Change]) -> int:
        """Let calls be spent at other times, or other rows of them; of what has aged out, nothing changes.

        Returns:
            What is free by that, as a row, whose lanes may be negative.
        """
        margin, shift = self.margin, self._shift
        from_step = to_step = -1  # calls that follow each other mostly go the same way, so are moved together
        freed = gone = come = latest = 0
        for (begun, arrived, row), (new_begun, new_arrived, new_row), _ in changes:
            stamp, new_stamp = begun + margin, new_begun + margin
            if arrived < stamp:  # noqa: PLR1730 - calling min costs as much as all the rest of a line
                stamp = arrived
            if new_arrived < new_stamp:  # noqa: PLR1730
                new_stamp = new_arrived
            if stamp >> shift != from_step or new_stamp >> shift != to_step:
                if from_step >= 0:
                    freed += self._move(from_step, gone, to_step, come, latest)
                from_step, to_step = stamp >> shift, new_stamp >> shift
                gone = come = latest = 0
            gone += row
            come += new_row
            if new_stamp > latest:  # noqa: PLR1730
                latest = new_stamp
        return freed + self._move(from_step, gone, to_step, come, latest)

    def _move(self, step: int, row: int, new_step: int, new_row: int, latest: int) -> int:
        freed = 0
        if new_step - self._first >= self._size:  # a call of another process, later than all that is known
            freed = self.age(latest - self._reach)
        if step < self._first:
            return freed
        self._cells[step % self._size] -= row
        freed += row & self.mask
        if new_step < self._first:
            return freed
        self._put(new_step % self._size, new_row, latest)
        return freed - (new_row & self.mask)

    def age(self, now: int) -> int:
        """Forget what has aged out at ``now``: everything stamped ``length`` ago or earlier.

        Returns:
            What is free by that, as a row.
        """
        horizon = now - self.length
        last, freed = horizon >> self._shift, 0
        for step in self._steps():
            cell = step % self._size
            if step > last or self._stamps[cell] > horizon:
                break
            freed += self._cells[cell]
            self._cells[cell] = self._held[cell] = 0
        oldest = next(self._steps(), None)
        if oldest is None:  # the ring has to follow once in a while all the same
            oldest, self.expiry = now >> self._shift, now + self.length
        else:
            self.expiry = self._stamps[oldest % self._size] + self.length
        self._first = max(self._first, last, oldest - self._slack)
        return freed & self.mask

    def frees_at(self, left: int, now: int) -> int:
        """When nothing will be missing any more, if nothing is added meanwhile.

        Args:
            left: What is left in all lanes; see :mod:`~massgen_plugins.rate_limit.lanes`.
            now: The moment.

        Returns:
            ``now`` if nothing is missing; never later than when everything has aged out.
        """
        when = now
        for stamp, row in self.cells():
            if left & self.guards == self.guards:
                break
            left += row
            when = max(now, stamp + self.length)
        return when

    def cells(self) -> Iterator[tuple[int, int]]:
        """(stamp, row) of each cell that holds something, the oldest first."""
        for step in self._steps():
            cell = step % self._size
            if self._cells[cell]:
                yield self._stamps[cell], self._cells[cell] & self.mask

    def fill(self, cells: Iterable[tuple[int, int]]) -> None:
        """Hold these cells, the oldest first, and nothing else.

        Raises:
            ValueError: Their stamps are not in order, or do not fit into one window.
        """
        kept = list(cells)
        self._cells = [0] * self._size
        self._held = bytearray(self._size)
        self._first = (kept[0][0] >> self._shift) - self._slack if kept else 0
        self.expiry = 0
        if any(not 0 <= (stamp >> self._shift) - self._first < self._size for stamp, _ in kept):
            raise ValueError("the stored window is damaged")
        for stamp, row in kept:
            self.add(stamp, row)

    def _steps(self) -> Iterator[int]:
        """The steps whose cells hold something, the oldest first."""
        begin = self._first % self._size
        for cell, end in (begin, self._size), (0, begin):
            while (cell := self._held.find(1, cell, end)) >= 0:
                yield self._first + (cell - begin) % self._size
                cell += 1  # noqa: PLW2901
