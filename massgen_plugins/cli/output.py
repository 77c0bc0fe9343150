"""Output of the command line: results on stdout, messages on stderr, colours only on a terminal."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

__all__ = ["as_home", "clean", "console", "emit_json", "plain_table", "private", "say", "tell", "text"]

_MONSTROUS = re.compile(r"(\S{200})\S{200,}")
_PIPE_WIDTH = 120
"""Width without a terminal."""


@contextmanager
def private(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing, truncating it; a new one is readable by its owner only.

    Raises:
        OSError: It cannot be opened.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        yield file


def say(message: str) -> None:
    """Print a message on stderr; excessively long words are truncated."""
    print(clean(_MONSTROUS.sub(r"\1...", message)), file=sys.stderr)


def tell(message: str) -> None:
    """Print a line of a result on stdout."""
    print(clean(message))


def emit_json(document: Any) -> None:
    """Print a JSON document on stdout."""
    print(json.dumps(document, indent=2, allow_nan=False))


def console() -> Console:
    """The console for results: with colours on a terminal unless ``NO_COLOR`` is set."""
    from rich.console import Console

    class Page(Console):
        def on_broken_pipe(self) -> None:
            """Let the exception propagate, unlike rich."""
            raise BrokenPipeError

    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Page(width=None if known else _PIPE_WIDTH, highlight=False, markup=False, emoji=False)


def plain_table(*headings: str) -> Table:
    """A table without borders, whose cells are folded and never truncated."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def text(words: object, style: str = "") -> Text:
    """Untrusted text, made safe for a terminal."""
    from rich.text import Text

    return Text(clean(str(words)), style=style)


def clean(words: str) -> str:
    """Spell out every control character except the line feed."""
    return "".join(_spelled(letter) for letter in words)


def as_home(path: str) -> str:
    """A path with the home directory abbreviated to ``~``."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises where there is none
    inside = len(home) > 1 and path.startswith(f"{home}{os.sep}")
    return f"~{path[len(home) :]}" if inside else path


def _spelled(letter: str) -> str:
    return letter if letter == "\n" or letter.isprintable() else ascii(letter)[1:-1]
