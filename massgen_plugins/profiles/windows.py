"""Parses windows and zones: ``60s``, ``bucket:60s``, ``day@ZONE``, ``month@ZONE``, ``held``."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import PlainValidator, WithJsonSchema

from massgen_plugins.profiles.validation import problem, text
from massgen_plugins.quota import DAY, HELD, NANOSECONDS, Bucket, CalendarDay, CalendarMonth, Sliding, Window

__all__ = ["ROLLING", "WrittenWindow", "Zone", "day_of", "window_of"]

ROLLING = "rolling"
"""Instead of a zone: a sliding window of 24 hours."""

_LONGEST = 31 * 86_400
_SPAN = re.compile(r"(bucket:)?([1-9][0-9]{0,6})([smh])")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_FORMS = "such as 60s, 10m, 24h (31 days at most), bucket:60s, day@UTC, month@America/Los_Angeles or held"
_ZONE = text("a time zone such as America/Los_Angeles", longest=64)


def _known_zone(value: Any) -> str:
    name: str = _ZONE.check(value)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        cure = "write an IANA name such as America/Los_Angeles, or install the package tzdata"
        raise problem(f"the time zone {name!a} is not known here; {cure}") from error
    return name


def window_of(written: str) -> Window:
    """Convert a window of ``limits`` as written."""
    unit, at, zone = written.partition("@")
    if at and unit in ("day", "month"):
        return (CalendarDay if unit == "day" else CalendarMonth)(_known_zone(zone))
    if written == "held":
        return HELD
    found = _SPAN.fullmatch(written)
    seconds = int(found[2]) * _UNITS[found[3]] if found else 0
    if not found or not 1 <= seconds <= _LONGEST:
        raise problem(f"write a window {_FORMS}")
    return (Bucket if found[1] else Sliding)(seconds * NANOSECONDS)


def _written(value: Any) -> Any:
    window_of(text(f"a window {_FORMS}").check(value))
    return value


_PATTERN = rf"^(?:{_SPAN.pattern}|(?:day|month)@.+|held)$"
WrittenWindow: TypeAlias = Annotated[
    str, PlainValidator(_written), WithJsonSchema({"type": "string", "pattern": _PATTERN})
]
"""A window, kept as written."""

Zone: TypeAlias = Annotated[
    str | None,
    PlainValidator(lambda value: value if value == ROLLING else _known_zone(value)),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 64}),
]
"""Time zone of a day: an IANA name, or :data:`ROLLING`."""


def day_of(zone: str) -> Window:
    """The window of a day in a zone."""
    return DAY if zone == ROLLING else CalendarDay(zone)
