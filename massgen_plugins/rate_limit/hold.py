"""What one admitted call holds, from its admission to its settlement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from massgen_plugins.quota import Amounts
from massgen_plugins.rate_limit.lanes import Lanes, pack, unpack

__all__ = ["NEVER", "NOT_YET", "Booked", "Change", "Hold", "News", "Page", "admitted"]

NOT_YET = 1 << 62
"""The tick of what has not happened."""

NEVER = NOT_YET - 1
"""The tick of what will not be heard of."""

Booked = tuple[int, int, int]
"""When the call began, when its answer arrived, and its row, as a ledger knows them."""


@dataclass(eq=False, slots=True)
class Page:
    """Under what calls are entered; they share one, which never changes, for as long as nothing of it does.

    Attributes:
        lanes: Which limits a row speaks of.
        days: For each zone in which days count, the days (ordinals) on which a call counts.
        born: Names the books; see ``ScopeState.born``.
    """

    lanes: Lanes
    days: Mapping[str, tuple[int, ...]]
    born: int = 0


Change = tuple[Booked, Booked, Page]
"""What was known of a call, what is known now, and under what it was entered."""

_Remembered = tuple[Booked, Page, int]


class Hold:
    """A call from its admission to its settlement.

    The truth (``begun``, ``arrived``, ``row``) may run ahead of what is ``booked``: a stamp matters one
    window later, so it can travel with the next transaction.

    Attributes:
        desk: Where it was admitted; set and used by the limiter alone.
        begun: Tick from which the margin counts: when the call was, or at the latest will be, written.
        arrived: Tick at which its answer's headers came; ``NOT_YET`` before, ``NEVER`` if it ended otherwise.
        row: What it takes of each limit, side by side.
        page: Under what it was entered.
        booked: What the ledger knows.
    """

    __slots__ = ("arrived", "begun", "booked", "desk", "page", "row")

    arrived: int
    begun: int
    booked: Booked
    desk: Any
    page: Page
    row: int

    def settle(self, actual: Amounts) -> bool:
        """Replace estimates by what is known better; False if nothing changes."""
        row = self.page.lanes.replaced(self.row, actual)
        if row == self.row:
            return False
        self.row = row
        return True

    def release(self) -> None:
        """The call was never sent: it takes nothing."""
        self.row = 0
        self.end()

    def end(self) -> None:
        """No answer will come."""
        if self.arrived == NOT_YET:
            self.arrived = NEVER

    def remember(self) -> _Remembered:
        """What :meth:`restore` needs after a rebooking that a store could not keep."""
        return self.booked, self.page, self.row

    def restore(self, remembered: _Remembered) -> None:
        """Undo a rebooking; the truth stays what it is."""
        self.booked, page, row = remembered
        if self.page is not page:  # the row has been fitted to other limits
            self.page, self.row = page, row

    def fit_to(self, lanes: Lanes) -> None:
        """The scope's limits are others by now: keep what both know."""
        old = self.page.lanes
        begun, arrived, row = self.booked
        self.booked = (begun, arrived, fitted(row, old, lanes))
        self.row = fitted(self.row, old, lanes)
        self.page = replace(self.page, lanes=lanes)


def admitted(begun: int, row: int, page: Page) -> Hold:
    """The hold of a call that was entered like this. An initializer would cost half as much again."""
    hold = Hold()
    hold.begun = begun
    hold.arrived = NOT_YET
    hold.row = row
    hold.page = page
    hold.booked = (begun, NOT_YET, row)
    return hold


class News(dict[Hold, None]):
    """Holds of which a store does not know the truth yet; any thread may add to it."""

    def taken(self) -> list[Hold]:
        """Take all out; what other threads add meanwhile is taken too, or stays."""
        taken = []
        while self:
            try:
                taken.append(self.popitem()[0])
            except KeyError:  # another thread was quicker
                break
        return taken

    def put_back(self, holds: Iterable[Hold]) -> None:
        """A store could not take note of them."""
        self.update(dict.fromkeys(holds))


def fitted(row: int, old: Lanes, new: Lanes) -> int:
    """A row in the order of other limits; what counts a kind over a window that is not in both is lost."""
    amounts = {
        limit.key: amount for limit, amount in zip(old.limits, unpack(row, len(old.limits)), strict=True)
    }
    return pack(amounts.get(limit.key, 0) for limit in new.limits)
