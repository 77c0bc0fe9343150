"""Terminal output without a library, since frequently used commands have to start fast.

Numbers are never truncated: columns that do not fit are stacked.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TextIO, TypeAlias

from massgen_plugins.cli.output import clean

__all__ = ["Line", "Screen", "Span", "aligned", "cells", "fit", "screen_of", "wrapped"]

_PIPE_WIDTH = 120
"""Width without a terminal."""

_LEAST = 10
_PLAIN = {ord("…"): "~", ord("·"): "-"}
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Span(NamedTuple):
    """Text of one style.

    Attributes:
        words: Trusted text; see :meth:`Screen.span` for untrusted text.
        style: Name of a style; "" for none.
    """

    words: str
    style: str = ""


Line: TypeAlias = Sequence[Span]


@dataclass(frozen=True, slots=True)
class Screen:
    """The capabilities of the output.

    Attributes:
        width: Columns.
        colours: Whether colours and bold text are supported.
        ascii_only: Whether only ASCII is supported.
    """

    width: int = _PIPE_WIDTH
    colours: bool = False
    ascii_only: bool = False

    def text(self, lines: Iterable[Line]) -> str:
        """Render lines for a terminal, without trailing spaces."""
        return "".join(f"{self._line(line)}\n" for line in lines)

    def _line(self, line: Line) -> str:
        spans = list(line)
        while spans and not spans[-1].words.rstrip():
            spans.pop()
        if spans:
            spans[-1] = Span(spans[-1].words.rstrip(), spans[-1].style)
        return "".join(self._span(span) for span in spans)

    def _span(self, span: Span) -> str:
        words = clean(span.words)
        if self.ascii_only:
            words = words.translate(_PLAIN)
        code = _STYLES.get(span.style)
        return f"\x1b[{code}m{words}\x1b[0m" if self.colours and code and words else words

    def bar(self, part: float, length: int) -> Line:
        """A progress bar; empty only for zero, full only if nothing is left."""
        filled = min(length, max(1 if part > 0 else 0, int(part * length)))
        style = "red" if part >= 1 else "yellow" if part >= 0.7 else "green"
        full, empty = ("#", ".") if self.ascii_only else ("█", "░")
        return Span(full * filled, style), Span(empty * (length - filled), "dim")


def screen_of(stream: TextIO | None = None) -> Screen:
    """The screen of a stream, by default standard output.

    Respects ``COLUMNS``, ``NO_COLOR``, ``FORCE_COLOR`` and ``TERM=dumb``.
    """
    stream = stream or sys.stdout
    terminal = stream.isatty()
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") in {"dumb", "unknown"}
    colours = (terminal or bool(os.environ.get("FORCE_COLOR"))) and not plain
    encoding = (stream.encoding or "ascii").lower().replace("-", "")
    return Screen(_width(stream, terminal=terminal), colours, not encoding.startswith("utf"))


def _width(stream: TextIO, *, terminal: bool) -> int:
    chosen = os.environ.get("COLUMNS", "")
    if chosen.isascii() and chosen.isdecimal() and 0 < len(chosen) < 6 and int(chosen):
        return max(_LEAST, int(chosen))
    if terminal:
        try:
            return max(_LEAST, os.get_terminal_size(stream.fileno()).columns or _PIPE_WIDTH)
        except (OSError, ValueError):
            return 80
    return _PIPE_WIDTH


def cells(words: str) -> int:
    """Width of text in columns."""
    if words.isascii():
        return len(words)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in words)
    return len(words) + wide - sum(unicodedata.combining(letter) > 0 for letter in words)


def fit(words: str, width: int) -> str:
    """Truncate a name to a width, with an ellipsis. Not for numbers."""
    words = clean(words).replace("\n", r"\n")
    if cells(words) <= width:
        return words
    while words and cells(words) > width - 1:
        words = words[:-1]
    return f"{words}…" if width > 0 else ""


def wrapped(words: str, width: int, indent: int = 0, style: str = "") -> Iterator[Line]:
    """Wrap text, splitting words that are longer than a line.

    No-break spaces keep words together.
    """
    room = max(_LEAST // 2, width - indent)
    line = ""
    for word in words.split(" "):
        rest = clean(word.replace("\N{NO-BREAK SPACE}", " "))
        while rest:
            joined = f"{line} {rest}" if line else rest
            if cells(joined) <= room:
                line, rest = joined, ""
            elif line:
                yield (Span(" " * indent + line, style),)
                line = ""
            else:
                yield (Span(" " * indent + rest[:room], style),)
                rest = rest[room:]
    if line:
        yield (Span(" " * indent + line, style),)


def aligned(
    rows: Sequence[Sequence[Span]], *, right: Iterable[int] = (), gap: int = 2, indent: int = 0
) -> list[Line]:
    """Align rows in columns; all rows have the same length.

    Args:
        rows: The cells.
        right: Indexes of right-aligned columns.
        gap: Spaces between columns.
        indent: Spaces before the first column.
    """
    to_right = set(right)
    columns = range(max(map(len, rows), default=0))
    widths = [max((cells(row[column].words) for row in rows), default=0) for column in columns]
    return [list(_row(row, widths, to_right, gap, indent)) for row in rows]


def _row(
    row: Sequence[Span], widths: Sequence[int], to_right: set[int], gap: int, indent: int
) -> Iterator[Span]:
    if indent:
        yield Span(" " * indent)
    for column, span in enumerate(row):
        pad = " " * (widths[column] - cells(span.words))
        if column:
            yield Span(" " * gap)
        if column in to_right:
            yield Span(pad)
            yield span
        else:
            yield span
            yield Span(pad)
