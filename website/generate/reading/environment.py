"""Every environment variable that MassGen's source reads, with the places where it does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from website.generate.reading.source import Module, modules

__all__ = ["Read", "environment_reads"]

_READERS = frozenset({"getenv", "os.getenv", "os.environ.get", "environ.get", "environment.get", "at_start"})
_KEY = re.compile(r"[A-Z][A-Z0-9_]*_API_KEY")
_WORTH_READING = re.compile(r"getenv|environ|_API_KEY")
_MAPPINGS = frozenset({"os.environ", "environ"})


@dataclass(frozen=True, order=True, slots=True)
class Read:
    """One place at which a variable is read.

    Attributes:
        name: The variable's.
        file: Path inside the package, such as ``massgen/backend/gemini.py``.
        default: Source text of what holds when the variable is not set; empty if the place does not say.
    """

    name: str
    file: str
    default: str


@cache
def environment_reads(package: Path, prefix: str) -> list[Read]:
    """All places at which a package reads a variable whose name stands in its source.

    Found are names in a call that reads, in a call of a function of the same file that hands its argument
    to one, and constants that hold a name, of the same file or imported; of tables of names, those of API
    keys.
    """
    found: set[Read] = set()
    known = {module.path: module for module in modules(package, prefix)}
    for module in known.values():
        if _WORTH_READING.search(module.text):
            found.update(_reads(module, known))
    return sorted(found)


def _imported(module: Module, known: Mapping[str, Module]) -> dict[str, str]:
    """Constants that a file takes from others of its package by their names."""
    found: dict[str, str] = {}
    for node in module.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            source = known.get(f"{node.module.replace('.', '/')}.py")
            names = {alias.name for alias in node.names if alias.name.isupper()}
            constants = source.text_constants() if source and names else {}
            found.update({name: constants[name] for name in names & constants.keys()})
    return found


def _reads(module: Module, known: Mapping[str, Module]) -> Iterator[Read]:
    constants = _imported(module, known) | module.text_constants()
    helpers = _helpers(module.tree)
    for node in ast.walk(module.tree):
        name, default = _read(node, helpers)
        if name is None:
            continue
        words = constants.get(name.id, "") if isinstance(name, ast.Name) else _text(name)
        if words.isidentifier() and words[0].isupper():
            yield Read(words, module.path, ast.unparse(default) if default is not None else "")


def _helpers(tree: ast.Module) -> frozenset[str]:
    """Names of functions that read the variable whose name is their first argument."""
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.args.args and _reads_argument(node)
    )


def _reads_argument(function: ast.FunctionDef) -> bool:
    wanted = function.args.args[0].arg
    reads = (_read(node, frozenset())[0] for node in ast.walk(function))
    return any(isinstance(name, ast.Name) and name.id == wanted for name in reads)


def _read(node: ast.AST, helpers: frozenset[str]) -> tuple[ast.expr | None, ast.expr | None]:
    """The expressions of a variable's name and of its default, if the node reads a variable."""
    if isinstance(node, ast.Call) and node.args:
        function = ast.unparse(node.func)
        reads = function in _READERS or function in helpers
        return (node.args[0], node.args[1] if len(node.args) > 1 else None) if reads else (None, None)
    if isinstance(node, ast.Constant) and _KEY.fullmatch(str(node.value)):
        return node, None
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        return (node.slice, None) if ast.unparse(node.value) in _MAPPINGS else (None, None)
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
        inside = ast.unparse(node.comparators[0]) in _MAPPINGS
        return (node.left, None) if inside else (None, None)
    return None, None


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
