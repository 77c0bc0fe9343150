"""All limits of a scope side by side in one integer, so that one addition books a call in all of them.

A *row* is such an integer: for each limit a lane of ``WIDTH`` bits with what is taken of it. What is *left*
of the limits is one too, but each of its lanes holds ``GUARD`` more than there is: a lane that falls below
``GUARD`` shows that its limit would be passed, and one may fall below zero without borrowing from the next.
Python adds, subtracts and tests such integers in one step, however many limits there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from massgen_plugins.quota import Amounts, Kind, Limit

__all__ = ["GUARD", "MOST", "WIDTH", "Lanes", "bounded", "pack", "unpack"]

WIDTH = 60
"""Bits of a lane: two digits of a Python integer."""

MOST = (1 << 40) - 1
"""The most that one call can take of a limit: more than any real limit, and a quarter of a million such calls
fit into a lane."""

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


def bounded(amounts: Amounts) -> Amounts:
    """Amounts as lanes can count them: none negative, none above ``MOST``.

    For what comes from outside (an answer may be hostile, another plugin's provider wrong); here nothing is
    checked any more, since that would cost as much as the counting itself.
    """
    return {kind: min(max(amount, 0), MOST) for kind, amount in amounts.items()}


class Lanes:
    """Which lane counts what. All amounts are from 0 to ``MOST``; see :func:`bounded`.

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
        row, units = 0, self._units
        for kind in amounts:  # items would cost more
            row += units[kind] * amounts[kind]
        return row

    def replaced(self, row: int, actual: Amounts) -> int:
        """``row`` with other amounts of the kinds that ``actual`` speaks of."""
        others, units = self._others, self._units
        for kind in actual:
            row = (row & others[kind]) + units[kind] * actual[kind]
        return row

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
