"""Formats durations and places in the queue for all displays of waits."""

from __future__ import annotations

import math

__all__ = ["clock", "ordinal"]


def clock(seconds: float) -> str:
    """Format seconds as ``0:23``, ``1:01``, ``2:05:00``, rounded up."""
    whole = max(0, math.ceil(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def ordinal(number: int) -> str:
    """``1st``, ``2nd``, ``11th``."""
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else suffix}"
