"""Something that is wrong with a page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .places import shown


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend.

    Attributes:
        path: The file.
        line: Counted from 1.
        what: What is wrong, with the value.
        cure: What to do about it.
    """

    path: Path
    line: int
    what: str
    cure: str = ""

    def __str__(self) -> str:
        cure = f"\n    cure: {self.cure}" if self.cure else ""
        return f"{shown(self.path)}:{self.line}: {self.what}{cure}"


def report(problems: list[Problem]) -> str:
    """All of them in words, in the order of the page; empty if there are none."""
    ordered = sorted(problems, key=lambda problem: (str(problem.path), problem.line))
    return "\n".join(map(str, ordered))
