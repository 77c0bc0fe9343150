"""Calendar days in a time zone: which day a moment belongs to, and when that day ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from massgen_plugins.quota import NANOSECONDS
from massgen_plugins.rate_limit.lanes import GUARD, pack, unpack

__all__ = ["DayCounter", "day_end", "day_of"]

_DAY_MARGIN = 2_050_000_000
"""A call this close before midnight counts in both days: it is written, and counted, up to so much later."""

_DAYS_KEPT = 3


def day_of(wall: int, zone: str) -> int:
    """The day, as a proleptic ordinal, to which a moment (nanoseconds since the epoch) belongs."""
    # The cache makes this a dictionary look-up: zone arithmetic costs more than the rest of an admission.
    return _day_of_hour(wall // (900 * NANOSECONDS), zone)


@lru_cache(maxsize=256)
def _day_of_hour(quarter: int, zone: str) -> int:
    # Every zone's midnight falls on a quarter of an hour of UTC, so a quarter lies in one day.
    return datetime.fromtimestamp(quarter * 900, UTC).astimezone(ZoneInfo(zone)).toordinal()


@lru_cache(maxsize=64)
def day_end(day: int, zone: str) -> int:
    """The moment (nanoseconds since the epoch) at which a day ends; days of 23 and 25 hours included."""
    following = date.fromordinal(day) + timedelta(days=1)
    midnight = datetime.combine(following, time(0), ZoneInfo(zone))
    return int(midnight.timestamp()) * NANOSECONDS


class DayCounter:
    """What was spent on the latest days of one zone, in all limits that count its days.

    Days are keyed by their ordinal, and never only "go forward": a wall clock that was wrong by a year
    must not block the scope for a year.

    Args:
        zone: Where the day begins.
        limits: How many limits the scope has in all.
        mask: The lanes of those that count days here.
    """

    __slots__ = ("_guards", "_limits", "_spent", "_today", "mask", "zone")

    def __init__(self, zone: str, limits: int, mask: int) -> None:
        self.zone = zone
        self.mask = mask
        self._limits = limits
        self._guards = pack(GUARD for _ in range(limits))
        self._spent: dict[int, int] = {}
        self._today: tuple[int, ...] = ()

    def turn(self, wall: int, slack: int = 0) -> tuple[tuple[int, ...], int, int]:
        """Let it be the day of ``wall``.

        Args:
            wall: Nanoseconds since the epoch.
            slack: Nanoseconds by which it may be later.

        Returns:
            The days on which a call counts now (two of them close before midnight, since the server may book
            it on either), and from when until when this is so, in nanoseconds since the epoch.
        """
        days: tuple[int, ...]
        day = day_of(wall, self.zone)
        midnight = day_end(day, self.zone)
        both = midnight - _DAY_MARGIN - slack
        if wall >= both:
            days, since, until = (day, day + 1), both, midnight
        else:
            days, since, until = (day,), day_end(day - 1, self.zone), both
        self._today = days
        return days, since, until

    def used(self) -> int:
        """What counts today, as a row: close to midnight, of each limit the fuller day."""
        rows = [self._spent[day] for day in self._today if day in self._spent]
        if len(rows) > 1:
            return pack(map(max, *(unpack(row, self._limits) for row in rows)))
        return rows[0] if rows else 0

    def change(self, days: Sequence[int], row: int, new_row: int) -> None:
        """Spend something else on these days than was spent; what is given back never exceeds what was."""
        more = (new_row & self.mask) - (row & self.mask)
        for day in days:
            left = self._guards + self._spent.get(day, 0) + more
            if left & self._guards != self._guards:
                left = self._guards + pack(max(0, lane - GUARD) for lane in unpack(left, self._limits))
            self._spent[day] = left - self._guards
        while len(self._spent) > _DAYS_KEPT:
            del self._spent[max(self._spent, key=lambda kept: abs(kept - days[0]))]

    def spent(self) -> dict[int, int]:
        """The rows of all days that are remembered, by day."""
        return dict(sorted(self._spent.items()))

    def fill(self, spent: Mapping[int, int]) -> None:
        """Remember these days, and nothing else."""
        self._spent = {day: row & self.mask for day, row in spent.items()}
