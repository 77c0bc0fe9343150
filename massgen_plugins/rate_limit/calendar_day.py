"""Calendar days in a time zone: which day a moment belongs to, and when that day ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from massgen_plugins.quota import NANOSECONDS
from massgen_plugins.rate_limit.meter import Meter

__all__ = ["DayCounter", "day_end", "day_of"]

_DAY_MARGIN = 2 * NANOSECONDS
"""A call this close before midnight counts in both days."""


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
    """What was spent on the two latest days, one limit's worth.

    Days are keyed by their ordinal, and never only "go forward": a wall clock that was wrong by a year
    must not block the scope for a year.

    Args:
        meter: The limit; ``used`` is kept at what counts today.
        zone: Where the day begins.
    """

    __slots__ = ("_spent", "_today", "meter", "pending", "zone")

    def __init__(self, meter: Meter, zone: str) -> None:
        self.meter = meter
        self.zone = zone
        self.pending = 0
        """Spent today and not yet entered: whoever adds to it adds to ``meter.used`` as well."""
        self._spent: dict[int, int] = {}
        self._today: tuple[int, ...] = ()

    @property
    def spent(self) -> dict[int, int]:
        """What was spent, by day."""
        self._enter()
        return self._spent

    @spent.setter
    def spent(self, spent: dict[int, int]) -> None:
        self._spent = spent
        self.pending = 0

    def turn(self, wall: int) -> tuple[tuple[int, ...], int, int]:
        """Let it be the day of ``wall``.

        Returns:
            The days on which a call counts now (two of them close before midnight, since the server may book
            it on either), and from when until when this is so, in nanoseconds since the epoch.
        """
        days: tuple[int, ...]
        self._enter()
        day = day_of(wall, self.zone)
        midnight = day_end(day, self.zone)
        if wall >= midnight - _DAY_MARGIN:
            days, since, until = (day, day + 1), midnight - _DAY_MARGIN, midnight
        else:
            days, since, until = (day,), day_end(day - 1, self.zone), midnight - _DAY_MARGIN
        self._today = days
        self._count_today()
        return days, since, until

    def add(self, days: Sequence[int], amount: int) -> None:
        """Spend on these days; a negative amount gives back, never below zero."""
        self._enter()
        for day in days:
            self._spent[day] = max(0, self._spent.get(day, 0) + amount)
        self._count_today()
        while len(self._spent) > 3:
            del self._spent[max(self._spent, key=lambda kept: abs(kept - days[0]))]

    def _enter(self) -> None:
        if self.pending:
            for day in self._today:
                self._spent[day] = self._spent.get(day, 0) + self.pending
            self.pending = 0

    def _count_today(self) -> None:
        self.meter.used = max((self._spent.get(day, 0) for day in self._today), default=0)
