"""``rpm=5 tpm=none`` on the command line, as the values that they stand for."""

from __future__ import annotations

from collections.abc import Iterable

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.document import shown

__all__ = ["read_assignments"]


def read_assignments(
    words: Iterable[str],
    command: str = "profiles set",
    example: str = "rpm=5, or tpm=none to take a limit away",
) -> dict[str, int | float | str]:
    """Keys and values; whether a value fits its key is checked elsewhere.

    Args:
        words: As they stand on the command line.
        command: Whose they are.
        example: How they are written.

    Raises:
        ConfigurationError: A word is not of the form, or a key comes twice.
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


def _number(value: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value
