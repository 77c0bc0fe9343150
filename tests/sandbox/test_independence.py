"""The judge shares no code with the accused."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import massgen_plugins.sandbox

FILES = sorted(Path(massgen_plugins.sandbox.__file__).parent.glob("*.py"))


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_sandbox_imports_nothing_of_this_package_but_itself(file: Path) -> None:
    ours = [name for name in imported(file) if name.partition(".")[0] == "massgen_plugins"]
    assert all(name.startswith("massgen_plugins.sandbox") for name in ours)


def test_every_public_name_is_there() -> None:
    for name in massgen_plugins.sandbox.__all__:
        assert getattr(massgen_plugins.sandbox, name).__doc__
    with pytest.raises(AttributeError, match="nonsense"):
        _ = massgen_plugins.sandbox.nonsense
