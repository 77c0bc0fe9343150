"""Every mark that silences ruff or mypy in a line says why; what holds for a folder is in pyproject.toml."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(
    file
    for folder in ("massgen_plugins", "tests", "website/cases", "website/generate", "website/recordings")
    for file in (ROOT / folder).rglob("*.py")
)
MARK = re.compile(r"#\s*(?:ruff: )?(?:noqa|type: ignore)\b(?P<rest>.*)")
CODES = re.compile(r"^:?\s*(?:\[[\w, -]+\]|[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?\s*")


def unexplained(text: str) -> list[str]:
    """The marks of a Python file with nothing but codes behind them."""
    comments = [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    ]
    marks = [match for comment in comments if (match := MARK.match(comment))]
    return [match[0] for match in marks if not re.search(r"[a-z]", CODES.sub("", match["rest"], count=1))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_mark_gives_its_reason(file: Path) -> None:
    text = file.read_text("utf-8")
    assert ("noqa" not in text and "type: ignore" not in text) or unexplained(text) == []


def test_a_mark_without_a_reason_is_found() -> None:
    lines = [
        "a = 1  # noqa: S105, T201",
        "b = 2  # noqa: T201 - it prints",
        "c = 3  # type: ignore[arg-type]",
        "d = 4  # type: ignore[arg-type] # of two types",
        'e = "# noqa"',
        "f = 5  # noqa",
    ]
    assert unexplained("\n".join(lines)) == [lines[number][7:] for number in (0, 2, 5)]
