"""YAML read strictly: plain values only, every key with its line and column, no way to do harm."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from massgen_plugins.profiles.safe_files import read_text
from massgen_plugins.profiles.tree import MAX_DEPTH, Entry, Place, shown, wrong

__all__ = ["load_yaml", "parse_yaml"]

_MAX_VALUES = 20_000
_MAX_TEXT = 10_000
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*(?:_[0-9]+)*)")
_PREFIX = "tag:yaml.org,2002:"


def load_yaml(path: Path) -> Entry:
    """Read a file of settings.

    Raises:
        ConfigurationError: It cannot be read, is not strict YAML, or is over 1 MB.
    """
    return parse_yaml(read_text(path), str(path))


def parse_yaml(text: str, source: str) -> Entry:
    """Read a text of settings; an empty one is an entry whose value is None.

    Raises:
        ConfigurationError: It is not strict YAML; the sentence names the place.
    """
    try:
        return _Reader(text, source).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(source, (), mark.line + 1, mark.column + 1) if mark else Place(source)
        reason = _one_line(error.problem or error.context or "")
        raise wrong(place, f"this is not valid YAML ({reason})") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        raise wrong(Place(source, (), line, column), "a control character stands here; remove it") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # PyYAML converts some escapes and directives without looking at their size.
        raise wrong(Place(source), f"this is not valid YAML ({_one_line(str(error))})") from error


def _one_line(text: str) -> str:
    return " ".join(text.split())[:120]


class _Reader:
    """Builds entries from the parser's events, so nothing is ever constructed that was not asked for."""

    def __init__(self, text: str, source: str) -> None:
        self._loader: Any = yaml.SafeLoader(text)
        self._root = Place(source)
        self._left = _MAX_VALUES

    def document(self) -> Entry:
        self._next()
        if isinstance(self._loader.peek_event(), StreamEndEvent):
            return Entry(None, self._root, 0, 0)
        self._next()
        root = self._value(self._root)
        self._next()
        if not isinstance(event := self._next(), StreamEndEvent):
            place = self._at(self._root, event)
            raise wrong(place, "a second document begins here; keep one document per file")
        return root

    def _next(self) -> Any:
        return self._loader.get_event()

    def _at(self, place: Place, event: Any) -> Place:
        return Place(place.source, place.path, event.start_mark.line + 1, event.start_mark.column + 1)

    def _value(self, place: Place) -> Entry:
        event = self._next()
        self._refuse(event, self._at(place, event))
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, ScalarEvent):
            value = self._scalar(event, place if place.path else self._at(place, event))
            return Entry(value, place, start, end)
        flow = bool(event.flow_style)
        content = self._mapping(place) if isinstance(event, MappingStartEvent) else self._sequence(place)
        return Entry(content, place, start, self._next().end_mark.index, flow)

    def _refuse(self, event: Any, place: Place) -> None:
        self._left -= 1
        if self._left < 0:
            raise wrong(place, f"the file holds more than {_MAX_VALUES:,} values")
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None) is not None:
            raise wrong(place, "anchors (&) and aliases (*) are not allowed; quote the text, or write it out")
        if getattr(event, "tag", None) is not None:
            raise wrong(place, f"tags (!) are not allowed, remove {shown(event.tag)}")
        if isinstance(event, CollectionStartEvent) and len(place.path) > MAX_DEPTH:
            raise wrong(place, f"settings are nested more than {MAX_DEPTH} levels deep")

    def _mapping(self, place: Place) -> dict[str, Entry]:
        content: dict[str, Entry] = {}
        while not isinstance(self._loader.peek_event(), MappingEndEvent):
            event = self._next()
            here = self._at(place, event)
            key = self._key(event, here)
            here = place.child(key, here.line, here.column)
            if key in content:
                raise wrong(here, f"this key stands twice, first on line {content[key].place.line}; keep one")
            content[key] = self._value(here)
        return content

    def _key(self, event: Any, place: Place) -> str:
        self._refuse(event, place)
        key = self._scalar(event, place) if isinstance(event, ScalarEvent) else None
        if isinstance(key, str) and len(key) <= 200:
            return key
        raise wrong(place, "a key must be text of at most 200 characters; quote it if it looks like a number")

    def _sequence(self, place: Place) -> list[Entry]:
        content: list[Entry] = []
        while not isinstance(event := self._loader.peek_event(), SequenceEndEvent):
            here = self._at(place, event)
            content.append(self._value(place.child(f"[{len(content)}]", here.line, here.column)))
        return content

    def _scalar(self, event: Any, place: Place) -> str | bool | int | float | None:
        text: str = event.value
        if len(text) > _MAX_TEXT:
            raise wrong(place, f"the text is longer than {_MAX_TEXT:,} characters")
        if not _encodable(text):
            raise wrong(place, "the text holds half of a character pair; remove the escape")
        tag = self._loader.resolve(yaml.ScalarNode, text, event.implicit)
        return _converted(tag.removeprefix(_PREFIX), text, place)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _converted(tag: str, text: str, place: Place) -> str | bool | int | float | None:
    """A scalar's value; forms of YAML 1.1 that surprise (octal, base 60) are refused."""
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() in ("yes", "true", "on")
    if tag == "int":
        if _DECIMAL.fullmatch(text) and len(text) <= 40:
            return int(text)
        raise wrong(place, f"write {shown(text)} as a plain decimal number, such as 240000, or quote it")
    if tag == "float":
        return _float(text, place)
    return text


def _float(text: str, place: Place) -> float:
    lowered = text.lower()
    if lowered.endswith(".nan"):
        return math.nan
    if lowered.endswith(".inf"):
        return -math.inf if lowered.startswith("-") else math.inf
    try:
        return float(text)
    except ValueError as error:
        raise wrong(place, f"write {shown(text)} as a decimal number, such as 0.5, or quote it") from error
