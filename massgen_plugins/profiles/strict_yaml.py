"""YAML read strictly: plain values only, every key with its line and column, no way to do harm."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from massgen_plugins.profiles.document import MAX_DEPTH, Document, Place, shown, wrong
from massgen_plugins.profiles.safe_files import read_text

__all__ = ["compose", "load_yaml", "parse_yaml"]

_MAX_VALUES = 20_000
_MAX_TEXT = 10_000
_MAX_DIGITS = 4_000
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*(?:_[0-9]+)*)")
_TAG = "tag:yaml.org,2002:"
_BAD_KEY = "a key must be text of at most 200 characters; quote it if it looks like a number"


def load_yaml(path: Path) -> Document:
    """Read a file of settings.

    Raises:
        ConfigurationError: It cannot be read, is not strict YAML, or is over 1 MB.
    """
    return parse_yaml(read_text(path), str(path))


def parse_yaml(text: str, source: str) -> Document:
    """Read a text of settings; the value of an empty one is None.

    Raises:
        ConfigurationError: It is not strict YAML; the sentence names the place.
    """
    marks: dict[tuple[str, ...], tuple[int, int]] = {}
    root = compose(text, source)
    value = None if root is None else _Values(source, marks).of(root, ())
    return Document(value, source, (), marks)


def compose(text: str, source: str) -> yaml.Node | None:
    """The nodes of a text without anchors, aliases and tags; None if it is empty.

    Raises:
        ConfigurationError: It is not strict YAML; the sentence names the place.
    """
    try:
        return _Composer(text, source).document()
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


class _Composer(yaml.SafeLoader):
    """Refuses what could hide or repeat values while nodes are composed; constructs nothing."""

    def __init__(self, text: str, source: str) -> None:
        super().__init__(text)
        self._source = source
        self._path: list[str] = []
        self._left = _MAX_VALUES

    def document(self) -> yaml.Node | None:
        self.get_event()  # type: ignore[no-untyped-call]
        if self.check_event(yaml.StreamEndEvent):
            return None
        root = self.compose_document()
        if not self.check_event(yaml.StreamEndEvent):
            raise self._wrong("a second document begins here; keep one document per file")
        return root

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose the next node; ``index`` is its key's node, its number in a list, or None for a key."""
        if index is not None:
            self._path.append(self._name(index) if isinstance(index, yaml.Node) else f"[{index}]")
        self._refuse(self.peek_event())  # type: ignore[no-untyped-call]
        node = super().compose_node(parent, index)
        if index is not None:
            self._path.pop()
        return node

    def _name(self, key: yaml.Node) -> str:
        if isinstance(key, yaml.ScalarNode):
            return str(key.value)
        mark = key.start_mark
        raise wrong(Place(self._source, tuple(self._path), mark.line + 1, mark.column + 1), _BAD_KEY)

    def _refuse(self, event: Any) -> None:
        self._left -= 1
        if self._left < 0:
            raise self._wrong(f"the file holds more than {_MAX_VALUES:,} values")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise self._wrong("anchors (&) and aliases (*) are not allowed; quote the text, or write it out")
        if getattr(event, "tag", None) is not None:
            raise self._wrong(f"tags (!) are not allowed, remove {shown(event.tag)}")
        if isinstance(event, yaml.CollectionStartEvent) and len(self._path) > MAX_DEPTH:
            raise self._wrong(f"settings are nested more than {MAX_DEPTH} levels deep")

    def _wrong(self, problem: str) -> Exception:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        return wrong(Place(self._source, tuple(self._path), mark.line + 1, mark.column + 1), problem)


class _Values:
    """Nodes turned into plain values; the marks of keys and items are kept on the way."""

    def __init__(self, source: str, marks: dict[tuple[str, ...], tuple[int, int]]) -> None:
        self._source = source
        self._marks = marks

    def of(self, node: yaml.Node, path: tuple[str, ...]) -> Any:
        if isinstance(node, yaml.MappingNode):
            return dict(self._item(key, value, path) for key, value in node.value)
        if isinstance(node, yaml.SequenceNode):
            return [self._at(item, (*path, f"[{index}]"), item) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _item(self, key: yaml.Node, value: yaml.Node, path: tuple[str, ...]) -> tuple[str, Any]:
        name = self._scalar(key, ())
        if not isinstance(name, str) or len(name) > 200:
            raise wrong(self._place(key, ()), _BAD_KEY)
        here = (*path, name)
        if here in self._marks:
            line, column = key.start_mark.line + 1, key.start_mark.column + 1
            first = f"first on line {self._marks[here][0]}"
            raise wrong(Place(self._source, here, line, column), f"this key stands twice, {first}; keep one")
        return name, self._at(key, here, value)

    def _at(self, marked: yaml.Node, path: tuple[str, ...], value: yaml.Node) -> Any:
        self._marks[path] = marked.start_mark.line + 1, marked.start_mark.column + 1
        return self.of(value, path)

    def _place(self, node: yaml.Node, path: tuple[str, ...]) -> Place:
        here = node.start_mark.line + 1, node.start_mark.column + 1
        return Place(self._source, path, *self._marks.get(path, here))

    def _scalar(self, node: yaml.Node, path: tuple[str, ...]) -> str | bool | int | float | None:
        text = str(node.value)
        try:
            text.encode()
            if len(text) <= _MAX_TEXT:
                return _converted(node.tag.removeprefix(_TAG), text)
            problem = f"the text is longer than {_MAX_TEXT:,} characters"
        except UnicodeEncodeError:
            problem = "the text holds half of a character pair; remove the escape"
        except ValueError as error:
            problem = f"write {shown(text)} as {error}, or quote it"
        raise wrong(self._place(node, path), problem)


def _converted(tag: str, text: str) -> str | bool | int | float | None:
    """A scalar's value; ValueError for forms of YAML 1.1 that surprise: octal, base 60."""
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() in ("yes", "true", "on")
    if tag == "int":
        if _DECIMAL.fullmatch(text) and len(text) <= _MAX_DIGITS:
            return int(text)
        raise ValueError("a plain decimal number, such as 240000")
    if tag == "float":
        return _float(text)
    return text


def _float(text: str) -> float:
    lowered = text.lower()
    try:
        return float(lowered.replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        raise ValueError("a decimal number, such as 0.5") from None
