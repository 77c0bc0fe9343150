"""What one admitted call holds, from its admission to its settlement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from massgen_plugins.quota import Amounts
from massgen_plugins.rate_limit.lanes import Lanes, pack, unpack

__all__ = ["NOT_YET", "Booked", "Hold"]

NOT_YET = 1 << 62
"""The tick of what has not happened."""

Booked = tuple[int, int, int]
"""When the call began, when its answer arrived, and its row, as a ledger knows them."""

_Remembered = tuple[Booked, bool, Lanes, int]


class Hold:
    """A call from its admission to its settlement.

    The truth (``begun``, ``arrived``, ``row``) may run ahead of what is ``booked``: a stamp matters one
    window later, so it can travel with the next transaction.

    Attributes:
        desk: Where it was admitted; set and used by the limiter alone.
        begun: Tick from which the margin counts: when the call was, or at the latest will be, written.
        arrived: Tick at which its answer's headers came; ``NOT_YET`` before.
        row: What it takes of each limit, side by side.
        lanes: Which limits the row speaks of.
        days: For each zone in which days count, the days (ordinals) on which the call counts.
        booked: What the ledger knows.
        born: Names the books it was entered in; see ``ScopeState.born``, which sets it.
        landed: Whether news of its answer, or of its end, has come.
        aloft: Whether the books count it among the calls that are on their way.
    """

    __slots__ = ("aloft", "arrived", "begun", "booked", "born", "days", "desk", "landed", "lanes", "row")

    desk: Any
    born: int

    def __init__(self, begun: int, row: int, lanes: Lanes, days: Mapping[str, tuple[int, ...]]) -> None:
        self.begun = begun
        self.arrived = NOT_YET
        self.row = row
        self.lanes = lanes
        self.days = days
        self.booked: Booked = (begun, NOT_YET, row)
        self.landed = False
        self.aloft = True

    def settle(self, actual: Amounts) -> bool:
        """Replace estimates by what is known better; False if nothing changes."""
        self.landed = True
        row = self.lanes.replaced(self.row, actual)
        if row == self.row:
            return False
        self.row = row
        return True

    def release(self) -> None:
        """The call was never sent: it takes nothing."""
        self.row = 0
        self.landed = True

    def remember(self) -> _Remembered:
        """What :meth:`restore` needs after a rebooking that a store could not keep."""
        return self.booked, self.aloft, self.lanes, self.row

    def restore(self, remembered: _Remembered) -> None:
        """Undo a rebooking; the truth stays what it is."""
        self.booked, self.aloft, lanes, row = remembered
        if self.lanes is not lanes:  # the row has been fitted to other limits
            self.lanes, self.row = lanes, row

    def fit_to(self, lanes: Lanes) -> None:
        """The scope's limits are others by now: keep what both know."""
        begun, arrived, row = self.booked
        self.booked = (begun, arrived, fitted(row, self.lanes, lanes))
        self.row = fitted(self.row, self.lanes, lanes)
        self.lanes = lanes


def fitted(row: int, old: Lanes, new: Lanes) -> int:
    """A row in the order of other limits; what counts a kind over a window that is not in both is lost."""
    amounts = {
        limit.key: amount for limit, amount in zip(old.limits, unpack(row, len(old.limits)), strict=True)
    }
    return pack(amounts.get(limit.key, 0) for limit in new.limits)
