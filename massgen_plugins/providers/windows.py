"""Windows by a provider's conventions: buckets or sliding windows, calendar days and months."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from massgen_plugins.providers.base import Conventions
from massgen_plugins.quota import NANOSECONDS, Bucket, CalendarDay, CalendarMonth, Sliding, Window

__all__ = ["DAY_SECONDS", "MONTH_SECONDS", "SPANS", "per", "window_of"]

DAY_SECONDS = 86_400.0
MONTH_SECONDS = 30 * DAY_SECONDS
"""Represents a calendar month."""

SPANS = {
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "m": 60.0,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "d": DAY_SECONDS,
    "day": DAY_SECONDS,
    "week": 7 * DAY_SECONDS,
    "month": MONTH_SECONDS,
}
"""Seconds by name of a time span."""


def window_of(seconds: float, conventions: Conventions) -> Window:
    """The window of this length, by a provider's conventions.

    Args:
        seconds: At least 0.001; a day or month is a calendar window if the conventions name a zone.
        conventions: How the provider counts.
    """
    zone = conventions.day_zone
    if seconds == MONTH_SECONDS:
        return CalendarMonth("UTC" if zone == "rolling" else zone)
    if seconds == DAY_SECONDS and zone != "rolling":
        return CalendarDay(zone)
    length = max(NANOSECONDS // 1000, round(seconds * NANOSECONDS))
    return Bucket(length) if conventions.bucket else Sliding(length)


def per(amount: float, seconds: float) -> tuple[int, float]:
    """A rate as a whole amount per span: 0.6 in 60 s is 3 in 300 s. Rounded down if necessary."""
    if amount <= 0 or amount == int(amount) or amount > 100:
        return max(0, int(amount)), seconds
    rate = Fraction(amount).limit_denominator(20) or Fraction(1, min(10_000, ceil(1 / amount)))
    return rate.numerator, seconds * rate.denominator
