"""Parsed settings: plain values, and the source location of each."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from massgen_plugins.errors import ConfigurationError

__all__ = ["MAX_DEPTH", "Document", "Place", "document_of", "looks_like_key", "shown", "suggestion", "wrong"]

MAX_DEPTH = 20
"""Maximum nesting depth; ours need seven levels."""

_SHOWN = 40
_KEY_PREFIXES = r"(?:AIza|AQ\.|sk-|gsk_|csk-|xai-|nvapi-|fw_|tgp_v1_)"
_KEY_LIKE = re.compile(rf"{_KEY_PREFIXES}.{{16,}}", re.DOTALL)
_KEY_INSIDE = re.compile(rf"(?<![A-Za-z0-9]){_KEY_PREFIXES}[A-Za-z0-9_.-]{{16,}}")
_WORDS = {"None": "nothing", "True": "true", "False": "false"}


@dataclass(frozen=True, slots=True)
class Place:
    """The source location of a value, for error messages.

    Attributes:
        source: Path of the file, or another source.
        path: Keys from the outermost to this one.
        line: Counted from 1; None if the source has no lines.
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


@dataclass(frozen=True, slots=True)
class Document:
    """Values with their source locations.

    Attributes:
        value: Scalars, lists, and dicts with string keys.
        source: As in :class:`Place`.
        base: Keys above the outermost value.
        marks: Line and column of keys and list items, by their full path.
    """

    value: Any
    source: str
    base: tuple[str, ...] = ()
    marks: Mapping[tuple[str, ...], tuple[int, int]] = field(default_factory=dict)

    def place(self, *path: object) -> Place:
        """The location of a path of keys and indexes, or of its innermost existing part."""
        found, inner = list(self.base), self.value
        for part in path:
            if isinstance(inner, dict) and part in inner:
                found.append(str(part))
            elif isinstance(inner, list) and isinstance(part, int) and part < len(inner):
                found.append(f"[{part}]")
            else:
                break
            inner = inner[part]
        line, column = self.marks.get(tuple(found), (None, None))
        return Place(self.source, tuple(found), line, column)

    def below(self, key: str) -> Document:
        """The document under a key of the outermost mapping."""
        return Document(self.value[key], self.source, (*self.base, key), self.marks)


def document_of(value: object, source: str, base: tuple[str, ...] = ()) -> Document:
    """Create a document from values parsed elsewhere, without line numbers.

    Raises:
        ConfigurationError: A key is not a string, or the nesting is too deep.
    """
    return Document(_plain(value, Place(source, base)), source, base)


def _plain(value: object, place: Place) -> Any:
    if len(place.path) > MAX_DEPTH:
        raise wrong(place, f"settings are nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, Mapping):
        return {_key(key, place): _plain(item, _child(place, str(key))) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(item, _child(place, f"[{index}]")) for index, item in enumerate(value)]
    return value.isoformat() if isinstance(value, dt.date) else value


def _child(place: Place, key: str) -> Place:
    return Place(place.source, (*place.path, key))


def _key(key: object, place: Place) -> str:
    if isinstance(key, str):
        return key
    raise wrong(place, f"the key {_short(repr(key))} is not text, so it needs quotes")


def wrong(place: Place, problem: str) -> ConfigurationError:
    """The error for a problem at a location: one sentence, without keys, with control characters escaped."""
    sentence = f"{place}: {problem}" if problem.endswith("?") else f"{place}: {problem}."
    printable = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in sentence)
    return ConfigurationError(_KEY_INSIDE.sub("(hidden)", printable))


def shown(value: object) -> str:
    """Format a value for an error: short, on one line, without the content of mappings and lists."""
    if isinstance(value, str):
        return "text that looks like an API key" if looks_like_key(value) else f"the text {_short(value)!a}"
    if isinstance(value, Mapping | list | tuple):
        return "a mapping" if isinstance(value, Mapping) else "a list"
    if isinstance(value, int) and not -(10**_SHOWN) < value < 10**_SHOWN:
        return "a huge number"
    return _WORDS.get(repr(value)) or _short(repr(value))


def looks_like_key(text: str) -> bool:
    """Whether text may be a misplaced API key, which must not be shown."""
    return _KEY_LIKE.fullmatch(text) is not None


def _short(text: str) -> str:
    if looks_like_key(text):
        return "(hidden)"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def suggestion(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: the closest known name, else all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names)
    # Swapped letters are likelier than a wrong letter: ``rmp`` means rpm, not rps.
    swapped = [known_name for known_name in near if sorted(known_name) == sorted(name)]
    if near:
        return f"did you mean '{(swapped or near)[0]}'?"
    return f"known are {', '.join(names) or 'none'}"
