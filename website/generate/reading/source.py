"""The source of a package: read as text and as a tree, never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

__all__ = ["Module", "modules"]

_SKIPPED = frozenset({"tests", "__pycache__"})


@dataclass(frozen=True)
class Module:
    """One file of a package.

    Attributes:
        path: Path that begins with the package's name, such as ``massgen/cli/env.py``.
        text: What is in it.
    """

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text)

    def text_constants(self) -> dict[str, str]:
        """Names that the file assigns a plain text to, in a module or a class, and that text."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                value = node.value.value
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
                found.update({name: value for name in names if isinstance(value, str)})
        return found


def modules(package: Path, prefix: str) -> Iterator[Module]:
    """All files of a package but its tests, in the order of their paths."""
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package)
        if _SKIPPED.isdisjoint(inside.parts):
            yield Module(f"{prefix}/{inside.as_posix()}", path.read_text("utf-8"))
