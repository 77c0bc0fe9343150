"""Parses numbers, durations and timestamps in providers' headers and prose.

No function raises; each accepts text of any length and reads at most 200 characters.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

__all__ = [
    "clock_of",
    "longest_until",
    "now_of",
    "parse_count",
    "parse_duration",
    "parse_moment",
    "parse_number",
    "plain_reset",
    "retry_after",
    "seconds_until",
]

_LONGEST = 200
_SECONDS_PER_UNIT = {
    "d": 86_400.0,
    "h": 3600.0,
    "m": 60.0,
    "s": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "\N{MICRO SIGN}s": 1e-6,
    "\N{GREEK SMALL LETTER MU}s": 1e-6,
    "ns": 1e-9,
}
_UNITS = "|".join(sorted(_SECONDS_PER_UNIT, key=len, reverse=True))
_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{0,15})?"
_PART = re.compile(rf"({_NUMBER})({_UNITS})")
_DURATION = re.compile(rf"{_NUMBER}(?:{_UNITS})(?:\s?{_NUMBER}(?:{_UNITS})){{0,7}}")
_PLAIN = re.compile(rf"[+-]?{_NUMBER}")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3}){1,5}(?:\.[0-9]{0,15})?")
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:T|t|\s+(?:at\s+)?)(\d\d:\d\d(?::\d\d)?)(?:[.,]\d{1,9})?\s*(Z|z|UTC|GMT|[+-]\d\d:?\d\d)?"
)

_EPOCH = 1e9
"""Plain numbers from here on are timestamps in seconds since the epoch, since no wait lasts 30 years."""
_EPOCH_MILLISECONDS = 1e11
"""Plain numbers from here on are timestamps in milliseconds since the epoch."""

_RESETS = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")
_RESET_FIELD = re.compile(r"\b(?:t|reset)=([0-9]{1,9})\b")
_A_DAY = 86_400.0


def parse_number(text: str) -> float | None:
    """Parse ``42``, ``0.6``, ``30,000`` or ``-1``; None if it is not a number."""
    text = text[:_LONGEST].strip()
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    return float(text) if _PLAIN.fullmatch(text) else None


def parse_count(text: str) -> int | None:
    """Parse an integer such as ``30,000``, truncating fractions. May be negative: some servers overdraw.

    For a list such as ``100, 100;w=60`` (IETF draft of rate limit headers), returns the first number.
    """
    number = parse_number(text)
    if number is None:
        number = parse_number(re.split(r",\s|;", text[:_LONGEST], maxsplit=1)[0])
    return None if number is None else int(number)


def parse_duration(text: str) -> float | None:
    """Parse a duration in Go's notation, or a plain number of seconds.

    Google's ``RetryInfo.retryDelay`` and OpenAI's reset headers use Go's notation; Groq's prose has spaces
    between the parts.

    Args:
        text: Such as ``20h3m13.257628674s``, ``6m 11.52s``, ``120ms`` or ``42``.

    Returns:
        Seconds, finite and not negative; None if it is not a duration.
    """
    text = text[:_LONGEST].strip()
    if _PLAIN.fullmatch(text):
        return float(text) if float(text) >= 0 else None
    if not _DURATION.fullmatch(text):
        return None
    return sum(float(number) * _SECONDS_PER_UNIT[unit] for number, unit in _PART.findall(text))


def parse_moment(text: str) -> float | None:
    """Parse a timestamp: RFC 3339, an HTTP date, or seconds or milliseconds since the epoch.

    ``2026-12-01 at 00:00 UTC`` counts as RFC 3339; a timestamp without a zone is UTC.

    Returns:
        Seconds since the epoch; None if it is not a timestamp.
    """
    text = text[:_LONGEST].strip()
    number = parse_number(text)
    if number is not None:
        if number < _EPOCH:
            return None
        return number / 1000 if number >= _EPOCH_MILLISECONDS else number
    match = _ISO.match(text)
    try:
        if match is not None:
            return _iso(*match.groups())
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _iso(day: str, clock: str, zone: str | None) -> float:
    moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC)
    if zone and zone[0] in "+-":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        moment = moment - offset if zone[0] == "+" else moment + offset
    return moment.timestamp()


def seconds_until(text: str, now: float) -> float | None:
    """Parse a future time in any encoding: a duration from now, or a timestamp.

    Args:
        text: A header's value.
        now: Seconds since the epoch, by the provider's clock if known.

    Returns:
        Seconds from now, not negative (a time in the past is 0); None for values such as ``-1`` or
        ``unknown``.
    """
    seconds = parse_duration(text)
    if seconds is not None and seconds < _EPOCH:
        return seconds
    moment = parse_moment(text)
    return None if moment is None else max(0.0, moment - now)


def clock_of(headers: Mapping[str, str]) -> float | None:
    """The provider's time from the ``date`` header, in seconds since the epoch; None if it is missing."""
    return parse_moment(headers.get("date", ""))


def now_of(headers: Mapping[str, str]) -> float:
    """The time by which a provider's timestamps count: its own if the headers have it, else ours."""
    return clock_of(headers) or time.time()


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The retry delay in the headers, in seconds from now; the longest if they disagree.

    ``retry-after-ms`` (OpenAI, Azure) is more precise, and wins if both agree to the second.
    """
    whole = longest_until(headers.get("retry-after", ""), now)
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        milliseconds = parse_number(headers.get(name, ""))
        if milliseconds is not None and milliseconds >= 0:
            fine = milliseconds / 1000
            return fine if whole is None or whole - fine < 1 else whole
    return whole


def longest_until(text: str, now: float) -> float | None:
    """A time until then; of several, which a proxy joined with its own (``30, 60``), the longest."""
    seconds = seconds_until(text, now)
    if seconds is None and "," in text:
        parts = (seconds_until(part, now) for part in text[:_LONGEST].split(","))
        seconds = max((part for part in parts if part is not None), default=None)
    return seconds


def plain_reset(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until a gateway's own limit is reset, by headers that belong to no provider.

    ``ratelimit: "default";r=0;t=44`` and ``ratelimit-reset: 44`` (IETF drafts), ``x-ratelimit-reset: 44``.
    """
    field = _RESET_FIELD.search(headers.get("ratelimit", "")[:_LONGEST])
    texts = (field[1] if field else "", *(headers.get(name, "") for name in _RESETS))
    seconds = (seconds_until(text, now) for text in texts)
    return max((each for each in seconds if each is not None and 0 < each <= _A_DAY), default=None)
