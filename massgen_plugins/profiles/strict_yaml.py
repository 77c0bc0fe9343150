"""A strict, safe YAML reader: plain values only, with line and column of every key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.document import MAX_DEPTH, Document, Place, shown, wrong
from massgen_plugins.profiles.safe_files import read_text

__all__ = ["compose", "load_yaml", "parse_yaml"]

_MAX_VALUES = 20_000
_MAX_TEXT = 10_000
_MAX_DIGITS = 4_000
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*(?:_[0-9]+)*)")
_TAG = "tag:yaml.org,2002:"
_MAX_KEY = 200
_BAD_KEY = "a key must be text of at most 200 characters; quote it if it looks like a number"


def load_yaml(path: Path) -> Document:
    """Read a settings file.

    Raises:
        ConfigurationError: It cannot be read, is not strict YAML, or is over 1 MB.
    """
    return parse_yaml(read_text(path), str(path))


def parse_yaml(text: str, source: str) -> Document:
    """Parse the text of a settings file; the value of an empty text is None.

    Raises:
        ConfigurationError: It is not strict YAML; the message names the location.
    """
    composer = _Composer(text, source)
    root = composer.document()
    return Document(None if root is None else _plain(root), source, (), composer.where)


def compose(text: str, source: str) -> yaml.Node | None:
    """The node tree of a text, with converted values in scalar nodes; None if it is empty.

    Raises:
        ConfigurationError: It is not strict YAML; the message names the location.
    """
    return _Composer(text, source).document()


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {key.value: _plain(item) for key, item in node.value}
    return [_plain(item) for item in node.value] if isinstance(node, yaml.SequenceNode) else node.value


class _Composer(yaml.SafeLoader):
    """Composes nodes, rejecting everything that could hide or repeat values; constructs no objects.

    Attributes:
        where: The marks of :class:`Document`.
    """

    def __init__(self, text: str, source: str) -> None:
        self.where: dict[tuple[str, ...], tuple[int, int]] = {}
        self._text = text
        self._root = Place(source)
        self._path: tuple[str, ...] = ()
        self._left = _MAX_VALUES

    def document(self) -> yaml.Node | None:
        """The root node; None if there is none."""
        try:
            super().__init__(self._text)
            self.get_event()  # type: ignore[no-untyped-call]  # PyYAML's
            root = None if self.check_event(yaml.StreamEndEvent) else self.compose_document()
            if not self.check_event(yaml.StreamEndEvent):
                raise self._wrong("a second document begins here; keep one document per file")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise self._invalid(error.problem or error.context, *(_at(mark) if mark else ())) from error
        except yaml.reader.ReaderError as error:
            line = self._text.count("\n", 0, error.position) + 1
            column = error.position - self._text.rfind("\n", 0, error.position)
            place = Place(self._root.source, (), line, column)
            raise wrong(place, "there is a control character here; remove it") from error
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # PyYAML converts some escapes and directives without checking their range.
            raise self._invalid(error) from error
        return root

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose the next node; ``index`` is its key's node, its index in a list, or None for a key."""
        outer = self._path
        self._enter(index)
        self._refuse(self.peek_event())  # type: ignore[no-untyped-call]  # PyYAML's
        node = super().compose_node(parent, index)
        if isinstance(node, yaml.ScalarNode):
            node.value = self._scalar(node, key=parent is not None and index is None)
        self._path = outer
        return node

    def _enter(self, index: Any) -> None:
        """Set the current path to the next value, unless it is a key."""
        if isinstance(index, yaml.Node):
            here = *self._path, index.value if isinstance(index.value, str) else ""
            if not isinstance(index.value, str) or len(index.value) > _MAX_KEY:
                raise self._wrong(_BAD_KEY, index.start_mark)
            if here in self.where:
                first = self.where[here][0]
                self._path = here
                raise self._wrong(f"this key is repeated, first on line {first}; keep one", index.start_mark)
            self._path, self.where[here] = here, _at(index.start_mark)
        elif index is not None:
            self._path = *self._path, f"[{index}]"
            self.where[self._path] = _at(self.peek_event().start_mark)  # type: ignore[no-untyped-call]  # PyYAML's

    def _refuse(self, event: Any) -> None:
        self._left -= 1
        if self._left < 0:
            raise self._wrong(f"the file has more than {_MAX_VALUES:,} values")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise self._wrong("anchors (&) and aliases (*) are not allowed; quote the text, or write it out")
        if getattr(event, "tag", None) is not None:
            raise self._wrong(f"tags (!) are not allowed, remove {shown(event.tag)}")
        if isinstance(event, yaml.CollectionStartEvent) and len(self._path) > MAX_DEPTH:
            raise self._wrong(f"settings are nested more than {MAX_DEPTH} levels deep")

    def _wrong(self, problem: str, mark: Any = None) -> ConfigurationError:
        mark = mark or self.peek_event().start_mark  # type: ignore[no-untyped-call]  # PyYAML's
        return wrong(Place(self._root.source, self._path, *_at(mark)), problem)

    def _invalid(self, reason: object, *at: int) -> ConfigurationError:
        words = " ".join(str(reason or "").split())[:120]
        return wrong(Place(self._root.source, (), *at), f"this is not valid YAML ({words})")

    def _scalar(self, node: yaml.ScalarNode, *, key: bool) -> str | bool | int | float | None:
        text = str(node.value)
        try:
            text.encode()
            if len(text) <= _MAX_TEXT:
                return _converted(node.tag.removeprefix(_TAG), text)
            problem = f"the text is longer than {_MAX_TEXT:,} characters"
        except UnicodeEncodeError:
            problem = "the text holds half of a surrogate pair; remove the escape"
        except ValueError as error:
            problem = f"write {shown(text)} {error}"
        at = _at(node.start_mark) if key else self.where.get(self._path, _at(node.start_mark))
        raise wrong(Place(self._root.source, self._path, *at), problem)


def _at(mark: yaml.Mark) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


def _converted(tag: str, text: str) -> str | bool | int | float | None:
    """A scalar's value; ValueError for surprising YAML 1.1 forms: octal, base 60."""
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() in ("yes", "true", "on")
    if tag == "int":
        if _DECIMAL.fullmatch(text) and len(text) <= _MAX_DIGITS:
            return int(text)
        raise ValueError("as a plain decimal number, such as 240000, or quote it")
    if tag == "float":
        return _float(text)
    return text


def _float(text: str) -> float:
    lowered = text.lower()
    try:
        return float(lowered.replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        raise ValueError("as a decimal number, such as 0.5, or quote it") from None
