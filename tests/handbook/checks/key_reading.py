"""Which keys a module of MassGen reads from a configuration: found in its source, not typed here."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

_READERS = frozenset({"get", "pop", "setdefault"})


@functools.cache
def reads(path: Path) -> frozenset[tuple[str, str]]:
    """Pairs of a variable and a literal key that is looked up in it anywhere in a file."""
    return frozenset(_pairs(ast.parse(path.read_text(encoding="utf-8"))))


def keys_read(path: Path, variables: frozenset[str]) -> set[str]:
    """The keys that a file looks up in these variables; private ones are no user's business."""
    return {key for variable, key in reads(path) if variable in variables and not key.startswith("_")}


@functools.cache
def excluded(path: Path) -> frozenset[str]:
    """Literals inside functions that list what is never sent to a provider: keys all the same."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    lists = [node for node in functions if "excluded" in node.name or node.name == "_build_claude_options"]
    sets = [inner for function in lists for inner in ast.walk(function) if isinstance(inner, ast.Set)]
    return frozenset(
        item.value
        for literal in sets
        for item in literal.elts
        if isinstance(item, ast.Constant) and isinstance(item.value, str)
    )


def _pairs(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=attr, value=held), args=[ast.Constant(value=str(key)), *_]):
                if attr in _READERS:
                    yield ast.unparse(held), key
            case ast.Subscript(value=held, slice=ast.Constant(value=str(key))):
                yield ast.unparse(held), key
            case ast.Compare(left=ast.Constant(value=str(key)), ops=[ast.In() | ast.NotIn()]):
                yield ast.unparse(node.comparators[0]), key
            case ast.Compare(
                left=ast.Name(id=held), ops=[ast.Eq()], comparators=[ast.Constant(value=str(key))]
            ):
                yield held, key
