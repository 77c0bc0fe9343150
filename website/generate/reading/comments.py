"""What source says beside its code: comments at the ends of lines, and the ``Args:`` of docstrings."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap

__all__ = ["argument_texts", "trailing_comments"]

_ARGUMENT = re.compile(r"(\w+)(?: \([^)]*\))?:\s*(.*)")


def trailing_comments(cls: type) -> dict[str, str]:
    """Field of a class to the comment that ends its line."""
    source = textwrap.dedent(inspect.getsource(cls))
    lines = source.splitlines()
    body = next(node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)).body
    found = {}
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            code, mark, comment = lines[(node.end_lineno or node.lineno) - 1].partition("  # ")
            if mark and code:
                found[node.target.id] = comment.strip()
    return found


def argument_texts(docstring: str, heading: str = "Args:") -> dict[str, str]:
    """Name to what a section of a docstring says of it, each as one line."""
    found: dict[str, list[str]] = {}
    current = ""
    inside, margin = False, 0
    for line in docstring.splitlines():
        text = line.strip()
        if text == heading:
            inside, margin = True, 0
            continue
        if not inside or not text:
            continue
        indent = len(line) - len(line.lstrip())
        margin = margin or indent
        if indent < margin:
            inside = False
        elif indent == margin and (match := _ARGUMENT.fullmatch(text)):
            current = match[1]
            found[current] = [match[2]]
        elif current:
            found[current].append(text)
    return {name: " ".join(part for part in parts if part) for name, parts in found.items()}
