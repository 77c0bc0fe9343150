"""Parses retry delays in prose."""

from __future__ import annotations

import re

from massgen_plugins.providers.headers import parse_duration, parse_moment

__all__ = ["prose_moment", "prose_wait"]

_UNIT = r"(?:milliseconds?|ms|microseconds?|us|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)\b"
_PART = re.compile(rf"([0-9]{{1,12}}(?:\.[0-9]{{0,12}})?)\s?({_UNIT})", re.IGNORECASE)
_COMPACT = r"(?:[0-9]{1,12}(?:\.[0-9]{0,12})?(?:h|ms|m|s)(?![A-Za-z])\s?){1,8}"
_WORDS = rf"(?:[0-9]{{1,12}}(?:\.[0-9]{{0,12}})?\s?{_UNIT}(?:,?\s(?:and\s)?)?){{1,4}}"
_WAIT = re.compile(
    rf"(?:again|retry|wait|resets?|retrying)\b[^.\d\n]{{0,30}}?({_COMPACT}|{_WORDS})(?![\w.]*\d)",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(?:replenished|resets?|again|retry)\sin\s(?:([0-9]{1,3})\.)?([0-9]{1,2}):([0-5][0-9]):([0-5][0-9])\b",
    re.IGNORECASE,
)
_MOMENT = re.compile(
    r"(?:access|again|resets?|retry|until|renews?|available)\b[^\d\n]{0,30}?"
    r"(\d{4}-\d\d-\d\d(?:T|\s+(?:at\s+)?)\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:\s?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?)",
    re.IGNORECASE,
)
_SECONDS = {"m": 60.0, "h": 3600.0, "d": 86_400.0, "s": 1.0}


def prose_wait(text: str) -> float | None:
    """The longest delay in a text, in seconds; None if there is none.

    Understands ``Please try again in 6m 11.52s``, ``retry after 22 seconds``, ``wait 38 seconds``, and
    ``replenished in 01:12:30`` with or without days before it (``2.01:12:30``).
    """
    waits = [_length(match[1]) for match in _WAIT.finditer(text)]
    waits += [_clock_length(*match.groups(default="0")) for match in _CLOCK.finditer(text)]
    return max(waits, default=None)


def _clock_length(*parts: str) -> float:
    days, hours, minutes, seconds = map(float, parts)
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _length(text: str) -> float:
    compact = parse_duration(text.strip())
    if compact is not None:
        return compact
    return sum(float(number) * _unit(unit.lower()) for number, unit in _PART.findall(text))


def _unit(unit: str) -> float:
    if unit.startswith(("ms", "milli")):
        return 1e-3
    if unit.startswith(("us", "micro")):
        return 1e-6
    return _SECONDS[unit[0]]


def prose_moment(text: str) -> float | None:
    """The end of a refusal named in a text, in seconds since the epoch; UTC if it has no zone.

    Understands ``You will regain access on 2026-12-01 at 00:00 UTC.``
    """
    match = _MOMENT.search(text)
    return None if match is None else parse_moment(match[1])
