"""Edits one value in a YAML text, preserving comments, order and layout of everything else."""

from __future__ import annotations

import re
from typing import Any

import yaml

from massgen_plugins.profiles.document import Place, wrong
from massgen_plugins.profiles.strict_yaml import compose, parse_yaml

__all__ = ["put", "take"]

_WIDTH = 100_000
_COMMENT = re.compile(r"(?:^|[ \t])(#.*)$", re.MULTILINE)


def put(text: str, path: tuple[str, ...], value: Any, source: str) -> str:
    """Set the value at a path of keys, existing or not.

    Raises:
        ConfigurationError: The text is not strict YAML, or its layout cannot be edited safely.
    """
    wanted = _with(parse_yaml(text, source).value, path, value)
    changed = _changed(text, compose(text, source), path, value)
    # The text was spliced by position, so the result is parsed again to verify it.
    if parse_yaml(changed, source).value != wanted:
        raise wrong(Place(source, path), "this layout cannot be changed automatically; edit the file by hand")
    return changed


def take(text: str, path: tuple[str, ...], source: str) -> str:
    """Remove the value at a path of keys, and mappings that become empty.

    Raises:
        ConfigurationError: The text is not strict YAML, or its layout cannot be edited safely.
    """
    content = parse_yaml(text, source).value
    while len(path) > 1 and len(_at(content, path[:-1])) == 1:
        path = path[:-1]
    changed = _removed(text, compose(text, source), path)
    if (parse_yaml(changed, source).value or {}) != _without(content, path):
        raise wrong(Place(source, path), "this layout cannot be changed automatically; edit the file by hand")
    return changed


def _at(content: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        content = content[key]
    return content


def _without(content: Any, path: tuple[str, ...]) -> Any:
    if len(path) == 1:
        return {key: value for key, value in content.items() if key != path[0]}
    return {**content, path[0]: _without(content[path[0]], path[1:])}


def _removed(text: str, root: yaml.Node | None, path: tuple[str, ...]) -> str:
    node: Any = root
    for key in path[:-1]:
        node = next(item for name, item in node.value if name.value == key)
    index = next(number for number, (name, _) in enumerate(node.value) if name.value == path[-1])
    name, item = node.value[index]
    start, end = name.start_mark.index, _last(item)
    if not node.flow_style:
        return text[: text.rfind("\n", 0, start) + 1] + text[_line_end(text, end) + 1 :]
    if index + 1 < len(node.value):  # up to the next key, including the comma
        return text[:start] + text[node.value[index + 1][0].start_mark.index :]
    if index:  # from the end of the previous one
        return text[: _last(node.value[index - 1][1])] + text[end:]
    return text[:start] + text[end:]


def _with(content: Any, path: tuple[str, ...], value: Any) -> Any:
    if not path:
        return value
    mapping = content if isinstance(content, dict) else {}
    return {**mapping, path[0]: _with(mapping.get(path[0]), path[1:], value)}


def _changed(text: str, root: yaml.Node | None, path: tuple[str, ...], value: Any) -> str:
    node, depth = root, 0
    while isinstance(node, yaml.MappingNode) and depth < len(path):
        inner = next((item for key, item in node.value if key.value == path[depth]), None)
        if inner is None:
            return _added(text, node, path[depth], _with(None, path[depth + 1 :], value))
        node, depth = inner, depth + 1
    rest = _with(None, path[depth:], value)
    if node is None or not depth:
        newline = "" if text.endswith("\n") or not text else "\n"
        return f"{text}{newline}{_block(path[0], rest[path[0]], 0)}"
    return _replaced(text, node, rest)


def _replaced(text: str, node: yaml.Node, value: Any) -> str:
    start, end = node.start_mark.index, _last(node)
    before = text[:start]
    gap = "" if before.endswith((" ", "\t", "\n")) else " "
    indent = " " * (start - before.rfind("\n") - 1)
    comments = "".join(f"\n{indent}{comment}" for comment in _COMMENT.findall(text[start:end]))
    line_end = _line_end(text, end)
    return f"{before}{gap}{_inline(value)}{text[end:line_end]}{comments}{text[line_end:]}"


def _added(text: str, mapping: yaml.MappingNode, key: str, value: Any) -> str:
    if mapping.flow_style:
        first = mapping.start_mark.index + 1
        comma = ", " if mapping.value else ""
        return f"{text[:first]}{_inline({key: value})[1:-1]}{comma}{text[first:]}"
    cut = _last(mapping)
    cut = cut if text[cut - 1 : cut] == "\n" else _line_end(text, cut) + 1
    head = text[:cut]
    newline = "" if head.endswith("\n") else "\n"
    return f"{head}{newline}{_block(key, value, mapping.value[0][0].start_mark.column)}{text[cut:]}"


def _last(node: yaml.Node) -> int:
    """Index after a node's last character; PyYAML's end of a block includes the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return _last(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _line_end(text: str, index: int) -> int:
    found = text.find("\n", index)
    return len(text) if found < 0 else found


def _block(key: str, value: Any, indent: int) -> str:
    # None keeps mappings and lists of scalars on one line, but the key must start its own line.
    style = None if isinstance(value, dict | list) else False
    lines = yaml.safe_dump({key: value}, default_flow_style=style, sort_keys=False, width=_WIDTH).splitlines()
    return "".join(f"{' ' * indent}{line}\n" for line in lines)


def _inline(value: Any) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=_WIDTH)
    return text.removesuffix("...\n").strip()
