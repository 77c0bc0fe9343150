"""All limits of a scope side by side in one integer, so that one addition books a call in all of them.

A *row* is such an integer: for each limit a lane of ``WIDTH`` bits with what is taken of it. What is *left*
of the limits is one too, but each of its lanes holds ``GUARD`` more than there is: a lane that falls below
``GUARD`` shows that its limit would be passed, and one may fall below zero without borrowing from the next.
Python adds, subtracts and tests such integers in one step, however many limits there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from massgen_plugins.quota import Amounts, Kind, Limit

__all__ = ["GUARD", "MOST", "WIDTH", "Lanes", "pack", "unpack"]

WIDTH = 60
"""Bits of a lane: two digits of a Python integer."""

_BITS = 40

MOST = (1 << _BITS) - 1
"""The most that one call can take of a limit: more than any real limit, and a quarter of a million such calls
fit into a lane. What claims to be more (a hostile answer, say) counts as this much."""

GUARD = 1 << 58

_LANE = (1 << WIDTH) - 1


def pack(amounts: Iterable[int]) -> int:
    """Amounts side by side; negative ones borrow from the next lane, as sums of rows may."""
    row = 0
    for index, amount in enumerate(amounts):
        row += amount << WIDTH * index
    return row


def unpack(row: int, count: int) -> list[int]:
    """The amounts of a row, none of them negative."""
    return [row >> WIDTH * index & _LANE for index in range(count)]


class Lanes:
    """Which lane counts what.

    Attributes:
        limits: One for each lane.
        guards: ``GUARD`` in every lane: a ``left`` that has all of these bits has room.
        beyond: All bits that no row has: what reaches ``GUARD`` in a lane, and what lies beyond all lanes.
    """

    __slots__ = ("_others", "_units", "beyond", "guards", "limits")

    def __init__(self, limits: Sequence[Limit]) -> None:
        self.limits = tuple(limits)
        self.guards = pack(GUARD for _ in limits)
        self.beyond = ~pack(GUARD - 1 for _ in limits)
        everything = (1 << WIDTH * len(limits)) - 1
        self._units = {kind: pack(limit.kind is kind for limit in limits) for kind in Kind}
        self._others = {kind: everything ^ unit * _LANE for kind, unit in self._units.items()}

    def row(self, amounts: Amounts) -> int:
        """What ``amounts`` take of each limit."""
        row, units, seen = 0, self._units, 0
        for kind, amount in amounts.items():
            row += units[kind] * amount
            seen |= amount
        return row if not seen >> _BITS else self.row(_bounded(amounts))

    def replaced(self, row: int, actual: Amounts) -> int:
        """``row`` with other amounts of the kinds that ``actual`` speaks of."""
        others, units, seen, before = self._others, self._units, 0, row
        for kind, amount in actual.items():
            row = (row & others[kind]) + units[kind] * amount
            seen |= amount
        return row if not seen >> _BITS else self.replaced(before, _bounded(actual))

    def left(self, caps: Sequence[int], used: int) -> int:
        """What is left under ``caps`` when ``used`` (a row) is taken."""
        return self.guards + pack(caps) - used

    def excess(self, left: int) -> list[int]:
        """By how much each limit is passed where this is left; negative where there is room."""
        return [GUARD - lane for lane in unpack(left, len(self.limits))]

    def mask(self, chosen: Iterable[Limit]) -> int:
        """All bits of the lanes of these limits."""
        wanted = {limit.key for limit in chosen}
        return pack(limit.key in wanted for limit in self.limits) * _LANE


def _bounded(amounts: Amounts) -> Amounts:
    return {kind: min(max(amount, 0), MOST) for kind, amount in amounts.items()}
