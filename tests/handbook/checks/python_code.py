"""Python fences."""

from __future__ import annotations

import ast
import importlib
import warnings
from collections.abc import Iterator

from . import running
from .fences import Fence
from .problem import Problem

_OURS = frozenset({"massgen", "massgen_plugins"})


def compiles(fence: Fence) -> list[Problem]:
    """It must be Python, and what it imports from MassGen or from us must exist."""
    try:
        tree = ast.parse(fence.code)
    except SyntaxError as error:
        line = fence.line + (error.lineno or 0)
        return [Problem(fence.path, line, f"not Python: {error.msg}", "mend it; `text` is for pseudo-code")]
    return [
        Problem(fence.path, fence.line + line, said, "import it from where it is")
        for line, module, name in _imports(tree)
        if (said := _unresolved(module, name))
    ]


def run(fence: Fence) -> list[Problem]:
    """It must run to its end."""
    return compiles(fence) or _ended(fence, running.python(fence.code))


def raises(fence: Fence) -> list[Problem]:
    """It must raise the exception that the class names."""
    wanted = fence.words["raises"]
    if not wanted:
        return [Problem(fence.path, fence.line, "no exception is named", 'write raises="ImportError"')]
    done = running.python(fence.code)
    last = done.output.strip().splitlines()[-1:] or [""]
    if done.code and last[0].split(":")[0].rpartition(".")[2] == wanted:
        return []
    return [
        Problem(
            fence.path, fence.line, f"does not raise {wanted}: {done.last_words() or 'it ran to its end'}"
        )
    ]


def _ended(fence: Fence, done: running.Done) -> list[Problem]:
    if not done.code:
        return []
    what = f"ended with {done.code}: {done.last_words()}"
    return [
        Problem(fence.path, fence.line, what, "mend it, or call it `python compile` if it needs a provider")
    ]


def _imports(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, node.module, alias.name) for alias in node.names)


def _unresolved(module: str, name: str) -> str:
    if module.partition(".")[0] not in _OURS:
        return ""
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        try:
            found = importlib.import_module(module)
            if name and name != "*" and not hasattr(found, name):
                importlib.import_module(f"{module}.{name}")
        except ImportError as error:
            return f"{module}{'.' if name else ''}{name} cannot be imported: {error}"
    return ""
