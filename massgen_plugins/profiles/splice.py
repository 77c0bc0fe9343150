"""One value changed in a YAML text; comments, order and layout of everything else stay."""

from __future__ import annotations

import re
from typing import Any

import yaml

from massgen_plugins.profiles.strict_yaml import parse_yaml
from massgen_plugins.profiles.tree import Entry, Place, plain, wrong

__all__ = ["put"]

_WIDTH = 100_000
_COMMENT = re.compile(r"(?:^|[ \t])(#.*)$", re.MULTILINE)


def put(text: str, path: tuple[str, ...], value: Any, source: str) -> str:
    """The text with a value at a path of keys, whether or not there was one.

    Raises:
        ConfigurationError: The text is not strict YAML, or is laid out so that it cannot be changed safely.
    """
    root = parse_yaml(text, source)
    wanted = _with(plain(root), path, value)
    changed = _changed(text, root, path, value)
    # The text was cut by position, so the result is read again before anybody may keep it.
    if plain(parse_yaml(changed, source)) != wanted:
        raise wrong(Place(source, path), "this layout cannot be changed automatically; edit the file by hand")
    return changed


def _with(content: Any, path: tuple[str, ...], value: Any) -> Any:
    if not path:
        return value
    mapping = content if isinstance(content, dict) else {}
    return {**mapping, path[0]: _with(mapping.get(path[0]), path[1:], value)}


def _changed(text: str, root: Entry, path: tuple[str, ...], value: Any) -> str:
    entry = root
    for depth, key in enumerate(path):
        if not isinstance(entry.value, dict) or key not in entry.value:
            return _inserted(text, entry, key, _with(None, path[depth + 1 :], value))
        entry = entry.value[key]
    return _replaced(text, entry, value)


def _replaced(text: str, entry: Entry, value: Any) -> str:
    end = _last(entry)
    before = text[: entry.start]
    gap = "" if before.endswith((" ", "\t", "\n")) else " "
    indent = " " * (entry.start - before.rfind("\n") - 1)
    comments = "".join(f"\n{indent}{comment}" for comment in _COMMENT.findall(text[entry.start : end]))
    line_end = _line_end(text, end)
    line_end = _line_end(text, end)
    return f"{before}{gap}{_inline(value)}{text[end:line_end]}{comments}{text[line_end:]}"


def _inserted(text: str, entry: Entry, key: str, value: Any) -> str:
    if entry.value is None or not isinstance(entry.value, dict):
        if entry.place.path:
            return _replaced(text, entry, {key: value})
        return f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{_block(key, value, 0)}"
    if entry.flow:
        first = entry.start + 1
        comma = ", " if entry.value else ""
        return f"{text[:first]}{_inline({key: value})[1:-1]}{comma}{text[first:]}"
    column = next(iter(entry.value.values())).place.column or 1
    cut = _last(entry)
    cut = cut if text[cut - 1 : cut] == "\n" else _line_end(text, cut) + 1
    head = text[:cut]
    newline = "" if head.endswith("\n") else "\n"
    return f"{head}{newline}{_block(key, value, column - 1)}{text[cut:]}"


def _last(entry: Entry) -> int:
    """Index after an entry's last character; a block's own end lies behind the comments that follow it."""
    children = list(entry.value.values()) if isinstance(entry.value, dict) else entry.value
    if entry.flow or not isinstance(children, list) or not children:
        return entry.end
    return _last(children[-1])


def _line_end(text: str, index: int) -> int:
    found = text.find("\n", index)
    return len(text) if found < 0 else found


def _block(key: str, value: Any, indent: int) -> str:
    # None: mappings and lists of scalars stay on one line; the key itself must not.
    style = None if isinstance(value, dict | list) else False
    lines = yaml.safe_dump({key: value}, default_flow_style=style, sort_keys=False, width=_WIDTH).splitlines()
    return "".join(f"{' ' * indent}{line}\n" for line in lines)


def _inline(value: Any) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=_WIDTH)
    return text.removesuffix("...\n").strip()
