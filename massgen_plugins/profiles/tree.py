"""Settings as they were written: every value with the place where it stands."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from massgen_plugins.errors import ConfigurationError

__all__ = ["MAX_DEPTH", "Entry", "Place", "looks_like_key", "plain", "shown", "tree_of", "wrong"]

MAX_DEPTH = 20
"""How deep settings may be nested; ours need seven levels."""

_SHOWN = 40
_KEY_LIKE = re.compile(r"(?:AIza|AQ\.|sk-|gsk_|xai-).{16,}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands, in words that let a person find it.

    Attributes:
        source: Path of the file, or what else the value came from.
        path: Keys from the outermost to this one.
        line: Counted from 1; None when the source has no lines.
        column: Counted from 1.
    """

    source: str
    path: tuple[str, ...] = ()
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        parts = [self.source]
        if self.line is not None:
            parts.append(f"line {self.line}, column {self.column}")
        if self.path:
            parts.append(f"key '{'.'.join(_short(key) for key in self.path)}'")
        return ", ".join(parts)

    def child(self, key: str, line: int | None = None, column: int | None = None) -> Place:
        """The place of a key below this one."""
        return Place(self.source, (*self.path, key), line, column)


@dataclass(frozen=True, slots=True)
class Entry:
    """One value and its place.

    Attributes:
        value: A scalar, a ``dict[str, Entry]`` or a ``list[Entry]``.
        place: That of the key, or of a list's item.
        start: Index of the value's first character in the text; -1 when there is no text.
        end: Index after its last character.
        flow: Whether it is a mapping or a list in brackets.
    """

    value: Any
    place: Place
    start: int = -1
    end: int = -1
    flow: bool = False


def wrong(place: Place, problem: str) -> ConfigurationError:
    """The error for a problem at a place: one sentence."""
    return ConfigurationError(f"{place}: {problem}" if problem.endswith("?") else f"{place}: {problem}.")


def shown(value: object) -> str:
    """A value as an error shows it: short, on one line, nothing of what is inside a mapping or list."""
    if isinstance(value, str):
        return "text that looks like an API key" if looks_like_key(value) else f"the text {_short(value)!a}"
    if isinstance(value, Mapping | list | tuple):
        return "a mapping" if isinstance(value, Mapping) else "a list"
    if isinstance(value, int) and not -(10**_SHOWN) < value < 10**_SHOWN:
        return "a huge number"
    return _WORDS.get(repr(value)) or _short(repr(value))


_WORDS = {"None": "nothing", "True": "true", "False": "false"}


def looks_like_key(text: str) -> bool:
    """Whether text may be an API key that somebody put into the wrong place; it must not be repeated."""
    return _KEY_LIKE.fullmatch(text) is not None


def _short(text: str) -> str:
    if looks_like_key(text):
        return "(hidden)"
    short = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in short)


def tree_of(value: object, place: Place) -> Entry:
    """Turn parsed YAML that somebody else loaded into entries; such places have no lines.

    Raises:
        ConfigurationError: A key is not text, or the nesting is absurd.
    """
    if len(place.path) > MAX_DEPTH:
        raise wrong(place, f"settings are nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, Mapping):
        items = ((_key(key, place), item) for key, item in value.items())
        return Entry({key: tree_of(item, place.child(key)) for key, item in items}, place)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return Entry([tree_of(item, place.child(f"[{index}]")) for index, item in enumerate(value)], place)
    if isinstance(value, dt.date):
        return Entry(value.isoformat(), place)
    return Entry(value, place)


def _key(key: object, place: Place) -> str:
    if isinstance(key, str):
        return key
    raise wrong(place, f"the key {_short(repr(key))} is not text, so it needs quotes")


def plain(entry: Entry) -> Any:
    """The value without places."""
    if isinstance(entry.value, dict):
        return {key: plain(item) for key, item in entry.value.items()}
    if isinstance(entry.value, list):
        return [plain(item) for item in entry.value]
    return entry.value
