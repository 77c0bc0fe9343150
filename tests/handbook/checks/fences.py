"""Code blocks: where they stand, and what the words after their language say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_OPENING = re.compile(r"^(?P<indent>[ \t]*)(?P<ticks>`{3,}|~{3,})(?P<info>[^`]*)$")
_WORD = re.compile(r"""(?P<name>[\w-]+)(?:=(?P<value>"[^"]*"|'[^']*'|[^\s"']+))?|\{[\d,\- ]+\}|/[^/]+/""")


@dataclass(frozen=True, slots=True)
class Fence:
    """A code block.

    Attributes:
        path: The page's file.
        line: Of the opening backticks, counted from 1.
        end: Of the closing ones.
        language: The first word.
        words: The words after it, each with its value; an empty one if it has none.
        code: What is inside, without the block's own indentation.
    """

    path: Path
    line: int
    end: int
    language: str
    words: dict[str, str]
    code: str

    @property
    def kind(self) -> str:
        """Its class: the first word after the language; empty if there is none."""
        first = next(iter(self.words), "")
        return "" if first in ATTRIBUTES else first


ATTRIBUTES = frozenset({"title", "showLineNumbers", "live", "custom-model", "why"})
"""Words that say something about a fence, and are not its class."""


def fences_of(path: Path, lines: list[str]) -> list[Fence]:
    """All code blocks of a page; one that is never closed reaches to its end."""
    found = []
    number = 0
    while number < len(lines):
        opening = _OPENING.match(lines[number])
        if not opening:
            number += 1
            continue
        end = _closing(lines, number + 1, opening["ticks"])
        found.append(_fence(path, lines, number, end, opening))
        number = end + 1
    return found


def _closing(lines: list[str], start: int, ticks: str) -> int:
    for number in range(start, len(lines)):
        line = lines[number].strip()
        if len(line) >= len(ticks) and set(line) == {ticks[0]}:
            return number
    return len(lines) - 1


def _fence(path: Path, lines: list[str], start: int, end: int, opening: re.Match[str]) -> Fence:
    indent = opening["indent"]
    inside = [line.removeprefix(indent) for line in lines[start + 1 : end]]
    language, _, rest = opening["info"].strip().partition(" ")
    words = {
        match["name"]: (match["value"] or "").strip("\"'") for match in _WORD.finditer(rest) if match["name"]
    }
    return Fence(path, start + 1, end + 1, language, words, "\n".join(inside) + "\n")
