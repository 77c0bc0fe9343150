"""Formats durations and times as providers do."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate

from massgen_plugins.sandbox.quotas import NANOSECONDS

__all__ = ["decimal_seconds", "go_duration", "http_date", "rfc3339", "whole_seconds"]


def go_duration(nanoseconds: int) -> str:
    """A duration in Go's notation: ``20h3m13.257628674s``, ``7m55.95s``, ``997.965142ms``, ``0s``."""
    if nanoseconds == 0:
        return "0s"
    for unit, size in (("ns", 1_000), ("µs", 1_000_000), ("ms", NANOSECONDS)):
        if nanoseconds < size:
            return _decimal(nanoseconds, size // 1_000) + unit
    minutes, rest = divmod(nanoseconds, 60 * NANOSECONDS)
    hours, minutes_left = divmod(minutes, 60)
    prefix = f"{hours}h{minutes_left}m" if hours else f"{minutes}m" if minutes else ""
    return prefix + _decimal(rest, NANOSECONDS) + "s"


def decimal_seconds(nanoseconds: int) -> str:
    """Decimal seconds, to the microsecond: ``29.5``."""
    return f"{nanoseconds / NANOSECONDS:.6f}".rstrip("0") + "0" * (nanoseconds % NANOSECONDS == 0)


def whole_seconds(nanoseconds: int) -> int:
    """Seconds, rounded up."""
    return -(-nanoseconds // NANOSECONDS)


def rfc3339(unix: int) -> str:
    """A time (Unix nanoseconds) in UTC, rounded up to the second: ``2026-11-30T07:30:00Z``."""
    return datetime.fromtimestamp(whole_seconds(unix), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def http_date(unix: int) -> str:
    """A time (Unix nanoseconds), rounded up to the second: ``Mon, 30 Nov 2026 07:30:00 GMT``."""
    return formatdate(whole_seconds(unix), usegmt=True)


def _decimal(amount: int, size: int) -> str:
    whole, fraction = divmod(amount, size)
    digits = f"{fraction:0{len(str(size)) - 1}d}".rstrip("0") if fraction else ""
    return f"{whole}.{digits}" if digits else str(whole)
