"""Lines for people, without a library: commands that are looked at all day have to be there at once.

Numbers are never cut: what does not fit beside each other stands below each other.
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
"""Columns where there is no terminal to ask."""

_LEAST = 10
_PLAIN = {ord("…"): "~", ord("·"): "-"}
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Span(NamedTuple):
    """Words of one style.

    Attributes:
        words: Shown as they are; see :meth:`Screen.span` for words of strangers.
        style: A name of a style; "" for none.
    """

    words: str
    style: str = ""


Line: TypeAlias = Sequence[Span]


@dataclass(frozen=True, slots=True)
class Screen:
    """What can be shown where the lines go.

    Attributes:
        width: Columns.
        colours: Whether colours and bold letters can be shown.
        ascii_only: Whether only ASCII letters can.
    """

    width: int = _PIPE_WIDTH
    colours: bool = False
    ascii_only: bool = False

    def text(self, lines: Iterable[Line]) -> str:
        """The lines as they are written to a terminal, without trailing blanks."""
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
        """How full something is; never empty when it is begun, never full when something is left."""
        filled = min(length, max(1 if part > 0 else 0, int(part * length)))
        style = "red" if part >= 1 else "yellow" if part >= 0.7 else "green"
        full, empty = ("#", ".") if self.ascii_only else ("█", "░")
        return Span(full * filled, style), Span(empty * (length - filled), "dim")


def screen_of(stream: TextIO | None = None) -> Screen:
    """The screen behind a stream: standard output if none is given.

    ``COLUMNS``, ``NO_COLOR``, ``FORCE_COLOR`` and ``TERM=dumb`` are obeyed.
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
    """How many columns words take."""
    if words.isascii():
        return len(words)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in words)
    return len(words) + wide - sum(unicodedata.combining(letter) > 0 for letter in words)


def fit(words: str, width: int) -> str:
    """A name in one line of at most so many columns, with an ellipsis if it is cut. Not for numbers."""
    words = clean(words).replace("\n", r"\n")
    if cells(words) <= width:
        return words
    while words and cells(words) > width - 1:
        words = words[:-1]
    return f"{words}…" if width > 0 else ""


def wrapped(words: str, width: int, indent: int = 0, style: str = "") -> Iterator[Line]:
    """Words in lines that fit; a word that is too long for any line is divided.

    No-break spaces hold words together.
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
    """Rows as columns; every row of the same length.

    Args:
        rows: Their cells.
        right: The numbers of the columns that end at the right.
        gap: Blanks between columns.
        indent: Blanks before the first.
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
