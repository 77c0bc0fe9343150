"""The keys of a backend block: those kept from the provider, and those that examples use."""

from __future__ import annotations

import ast
import inspect
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from website.generate.reading.comments import argument_texts
from website.generate.reading.examples import agents_of, backend_of, shipped_files
from website.generate.reading.host import massgen_module
from website.generate.reading.source import modules

__all__ = ["BackendKey", "read_backend_keys"]


@dataclass(frozen=True, slots=True)
class BackendKey:
    """One key.

    Attributes:
        name: As it is written.
        kept: Whether MassGen keeps it from the provider, for every backend or for some.
        comment: What the source says beside it; empty if nothing.
        used: Backend type to how many agents of shipped examples have the key.
    """

    name: str
    kept: bool
    comment: str
    used: Mapping[str, int]


def read_backend_keys(package: Path) -> list[BackendKey]:
    """All of them, by name."""
    kept = dict.fromkeys(massgen_module("backend._excluded_params").BASE_EXCLUDED_CONFIG_PARAMS, "")
    kept.update(dict.fromkeys(_excluded_by_handlers(package), ""))
    kept.update({name: text for name, text in _comments(package).items() if name in kept})
    used = _used(package)
    names = sorted({*kept, *used})
    return [BackendKey(name, name in kept, kept.get(name, ""), used.get(name, {})) for name in names]


def _excluded_by_handlers(package: Path) -> Iterator[str]:
    """Names that the makers of requests leave out, but for those that begin with an underscore."""
    for module in modules(package / "api_params_handler", "massgen/api_params_handler"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef) and node.name == "get_excluded_params":
                for leaf in ast.walk(node):
                    if isinstance(leaf, ast.Set):
                        yield from (
                            name for name in map(_text, leaf.elts) if name and not name.startswith("_")
                        )


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _comments(package: Path) -> dict[str, str]:
    """What is said beside the names in those sets, and of the arguments of the same names elsewhere."""
    manager = massgen_module("filesystem_manager").FilesystemManager
    found = dict(argument_texts(inspect.getdoc(manager.__init__) or ""))
    files = [package / "backend" / "_excluded_params.py", *(package / "api_params_handler").glob("_*.py")]
    for file in sorted(files):
        for line in file.read_text("utf-8").splitlines():
            name, mark, comment = line.partition("#")
            if mark and name.strip().startswith('"'):
                found.setdefault(name.strip().strip('",'), comment.strip())
    return found


def _used(package: Path) -> Mapping[str, Mapping[str, int]]:
    used: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for _, _, content in shipped_files(package):
        for agent in agents_of(content):
            backend = backend_of(agent)
            for name in backend:
                used[name][str(backend.get("type", ""))] += 1
    return used
