"""Every message of the plugin stands on /limits/errors: read out of the source, compared piece by piece."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import massgen_plugins

from .limits_pages import LIMITS, text_of

PACKAGE = Path(massgen_plugins.__file__).parent
ROOMS_APART = {"sandbox", "demo", "testing"}
"""They speak to developers, or say what they do in the place where they do it."""

SPEAKERS = {
    "BadParameter", "CallRefused", "ConfigurationError", "HostMismatch", "StoreUnavailable", "Trouble",
    "Expected", "_expected", "_report", "at_exit", "complain", "fail", "log_warning", "print", "problem",
    "report", "say", "_warn_once", "warn", "warn_once", "wrong",
}  # fmt: skip
"""What turns a text into something that people read."""

SENTENCES = {
    "rate_limit/messages.py",
    "budget/messages.py",
    "providers/gemini/advice.py",
    "profiles/merging.py",
    "host/announce.py",
    "host/foreign_keys.py",
}
"""Files that hold sentences which are handed to those."""

LEAST = 12
"""Letters of a piece that is worth looking for."""

NAMES_OF_CHECKS = {"automatic start", "massgen command", "store content"}
"""First arguments of the doctor's findings: shown as they are in the first column."""


def pieces(node: ast.expr) -> Iterator[str]:
    """The literal parts of the texts that an expression may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield from (part.value for part in node.values if isinstance(part, ast.Constant))
    elif isinstance(node, ast.IfExp):
        yield from (*pieces(node.body), *pieces(node.orelse))
    elif isinstance(node, ast.BinOp):
        yield from (*pieces(node.left), *pieces(node.right))


def spoken(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of every piece that a file may say."""
    tree = ast.parse(path.read_text("utf-8"))
    whole = path.relative_to(PACKAGE).as_posix() in SENTENCES
    silent = {id(leaf) for node in ast.walk(tree) if _is_silent(node) for leaf in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in SPEAKERS:
            yield from ((node.lineno, piece) for argument in node.args for piece in pieces(argument))
        elif whole and isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in silent:
            yield from ((node.lineno, piece) for piece in pieces(node))


def _is_silent(node: ast.AST) -> bool:
    """Documentation, and lists of names."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def plain(text: str) -> str:
    """Without what differs between a terminal and a page: back ticks, and kinds of white space."""
    text = re.sub(r"massgen-(?:rl|plugins): ", "", text)
    return " ".join(text.replace("`", "").replace("\\", "").split())


FILES = sorted(path for path in PACKAGE.rglob("*.py") if ROOMS_APART.isdisjoint(path.parts))


@pytest.fixture(scope="module")
def page():
    return plain(text_of("errors"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_message_of_a_file_is_on_the_page(path, page):
    missing = [
        f"line {line}: {piece!r}"
        for line, text in spoken(path)
        if len(piece := plain(text).strip(" .;:,'()")) >= LEAST and "%" not in piece and piece not in page
    ]
    assert not missing, "add them, with cause and cure, to website/docs/limits/errors.mdx"


def test_the_page_has_no_sentence_that_nobody_says(page):
    """Its first columns, piece by piece, occur somewhere in the source of the package."""
    source = plain("".join(_joined(path) for path in FILES))
    text = (LIMITS / "errors.mdx").read_text("utf-8")
    shown = re.findall(r"^\| `(.+?)` ?(?:\||with|or|,)", text, re.MULTILINE)
    parts = [part for sentence in shown for part in re.split(r"\.\.\.|[;?:]|[A-Z]+_[A-Z_]+", sentence)]
    stripped = [plain(part).strip(" .,'()") for part in parts]
    assert not [part for part in stripped if len(part) >= 2 * LEAST and part not in source]


def _joined(path: Path) -> str:
    """All texts of a file, joined where Python joins them."""
    tree = ast.parse(path.read_text("utf-8"))
    texts = (piece for node in ast.walk(tree) if isinstance(node, ast.expr) for piece in pieces(node))
    return "\n".join(texts)
