"""Calendar days in a time zone: which day a moment belongs to, and when that day ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from massgen_plugins.quota import NANOSECONDS

__all__ = ["DayCounter", "day_end", "day_of"]


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
    """

    __slots__ = ("spent", "zone")

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self.spent: dict[int, int] = {}

    def used(self, day: int) -> int:
        """What was spent on that day."""
        return self.spent.get(day, 0)

    def add(self, day: int, amount: int) -> None:
        """Spend on that day; a negative amount gives back, never below zero."""
        self.spent[day] = max(0, self.spent.get(day, 0) + amount)
        while len(self.spent) > 2:
            del self.spent[min(self.spent, key=lambda kept: (kept != day, -abs(kept - day)))]
