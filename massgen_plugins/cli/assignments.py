"""Parses ``rpm=5 tpm=none`` and ``10m`` on the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.document import shown

__all__ = ["read_assignments", "read_span"]

_EXAMPLE = "rpm=5, or tpm=none to remove a limit"
_SPAN = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,6})m)?(?:(\d{1,7})s)?")
_UNITS = (86_400, 3600, 60, 1)
_LONGEST = 366 * 86_400


def read_assignments(
    words: Iterable[str], command: str = "profiles set", example: str = _EXAMPLE
) -> dict[str, int | float | str]:
    """Parse keys and values; whether a value is valid for its key is checked elsewhere.

    Args:
        words: The arguments as typed.
        command: Prefix of error messages.
        example: A valid example, for error messages.

    Raises:
        ConfigurationError: An argument is malformed, or a key is repeated.
    """
    values: dict[str, int | float | str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key or not value:
            raise ConfigurationError(
                f"{command}: {shown(word)} is not understood; write KEY=VALUE, such as {example}."
            )
        if key in values:
            raise ConfigurationError(f"{command}: the key is given twice, {shown(key)}; write it once.")
        values[key] = _number(value)
    return values


def read_span(text: str) -> int:
    """Convert ``90s``, ``10m``, ``1h30m`` or ``2d`` to seconds.

    Raises:
        ConfigurationError: It is malformed, zero, or longer than a year.
    """
    found = _SPAN.fullmatch(text) if text.isascii() else None
    seconds = (
        sum(int(part or 0) * unit for part, unit in zip(found.groups(), _UNITS, strict=True)) if found else 0
    )
    if 0 < seconds <= _LONGEST:
        return seconds
    raise ConfigurationError(
        f"--for: {shown(text)} is not a duration; write 90s, 10m, 1h30m or 2d, at most a year."
    )


def _number(value: str) -> int | float | str:
    for kind in (int, float):
        try:
            return value if "_" in value else kind(value)
        except ValueError:
            continue
    return value
