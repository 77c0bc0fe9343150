"""Entries turned into values of a known type and range, or into one clear sentence."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from typing import Any

from massgen_plugins.profiles.tree import Entry, looks_like_key, shown, wrong

__all__ = [
    "a_boolean",
    "a_choice",
    "a_list",
    "a_mapping",
    "a_number",
    "a_text",
    "a_whole_number",
    "suggestion",
]


def suggestion(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: the nearest known one, else all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names)
    # Two letters swapped are likelier than another letter: ``rmp`` means rpm, not rps.
    swapped = [known_name for known_name in near if sorted(known_name) == sorted(name)]
    if near:
        return f"did you mean '{(swapped or near)[0]}'?"
    return f"known are {', '.join(names) or 'none'}"


def a_mapping(entry: Entry, allowed: Collection[str] | None = None) -> dict[str, Entry]:
    """A mapping whose keys are all allowed; None allows any."""
    if not isinstance(entry.value, dict):
        raise _expected(entry, "a mapping (key: value)")
    for key, item in entry.value.items():
        if allowed is not None and key not in allowed:
            raise wrong(item.place, f"this key is unknown; {suggestion(key, allowed)}")
    return dict(entry.value)


def a_list(entry: Entry) -> list[Entry]:
    """A list."""
    if not isinstance(entry.value, list):
        raise _expected(entry, "a list such as [a, b]")
    return list(entry.value)


def a_text(
    entry: Entry, what: str = "text", pattern: re.Pattern[str] | None = None, longest: int = 2000
) -> str:
    """Text that matches the pattern as a whole; ``what`` describes it to the user."""
    value = entry.value
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise _expected(entry, what)
    if pattern is not None and (not pattern.fullmatch(value) or looks_like_key(value)):
        raise _expected(entry, what)
    return value


def a_boolean(entry: Entry) -> bool:
    """True or false, nothing that merely looks like it."""
    if not isinstance(entry.value, bool):
        raise _expected(entry, "true or false, without quotes")
    return entry.value


def a_choice(entry: Entry, allowed: Collection[str]) -> str:
    """One of some words."""
    # YAML 1.1 reads a bare ``off`` as false.
    value = "off" if entry.value is False and "off" in allowed else entry.value
    if not isinstance(value, str) or value not in allowed:
        raise _expected(entry, f"one of {', '.join(allowed)}")
    return value


def a_whole_number(entry: Entry, most: int) -> int:
    """A whole number from 0 to ``most``."""
    value = entry.value
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise _expected(entry, f"a whole number from 0 to {most:,}, without quotes or separators")
    return value


def a_number(entry: Entry, most: float, unit: str = "", *, below: bool = False) -> int | float:
    """A finite number from 0 to ``most``; with ``below`` it must be less than that."""
    value = entry.value
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    # Bounds first: a huge integer has no floating point number, and what is within them is finite.
    if fits and 0 <= value <= most and not (below and value == most):
        return float(value) if isinstance(value, float) else int(value)
    upper = f"to below {most:,}" if below else f"to {most:,}"
    raise _expected(entry, f"a number{_of(unit)} from 0 {upper}, without quotes")


def _of(unit: str) -> str:
    return f" of {unit}" if unit else ""


def _expected(entry: Entry, what: str) -> Any:
    return wrong(entry.place, f"expected {what}, found {shown(entry.value)}")
