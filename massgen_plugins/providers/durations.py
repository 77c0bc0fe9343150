"""Lengths of time as providers write them: ``26s``, ``7m55.95s``, ``20h3m13.25s``, ``120ms``, ``30``."""

from __future__ import annotations

import re

__all__ = ["parse_duration"]

_SECONDS_PER_UNIT = {
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
_DURATION = re.compile(rf"(?:{_NUMBER}(?:{_UNITS})){{1,8}}")
_PLAIN = re.compile(_NUMBER)


def parse_duration(text: str) -> float | None:
    """Read a length of time in Go's notation, or a plain number of seconds.

    Go's notation is what Google's ``RetryInfo.retryDelay`` and OpenAI's reset headers use.

    Args:
        text: Such as ``20h3m13.257628674s`` or ``42``; blanks around it do not matter.

    Returns:
        Seconds, finite and not negative; None if it is nothing of the kind.
    """
    text = text.strip()
    if _PLAIN.fullmatch(text):
        return float(text)
    if not _DURATION.fullmatch(text):
        return None
    return sum(float(number) * _SECONDS_PER_UNIT[unit] for number, unit in _PART.findall(text))
