"""A counter for each kind of window."""

from __future__ import annotations

from typing import TypeAlias

from massgen_plugins.quota import Bucket, CalendarDay, CalendarMonth, Held, Sliding, Window, margin_of
from massgen_plugins.rate_limit.calendar_windows import CalendarCounter
from massgen_plugins.rate_limit.rolling_counters import BucketCounter, HeldCounter, RollingCounter

__all__ = ["Counter", "counter_for"]

Counter: TypeAlias = RollingCounter | CalendarCounter


def counter_for(kind: str, window: Window) -> Counter:
    """An empty counter for a kind in a window."""
    match window:
        case Sliding(length):
            return RollingCounter(kind, length, margin_of(window))
        case Bucket(length):
            return BucketCounter(kind, length, margin_of(window))
        case Held():
            return HeldCounter(kind)
        case CalendarDay() | CalendarMonth():
            return CalendarCounter(kind, window)
