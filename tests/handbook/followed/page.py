"""What a page tells its reader to type."""

from __future__ import annotations

import re

from tests.handbook.checks.fences import Fence
from tests.handbook.checks.pages import Page, read_page
from tests.handbook.checks.places import DOCS

_TYPED = ("run", "check", "other")
_CELL = re.compile(r"(?<!\\) \| ")


def first_day() -> Page:
    """The page of first-day problems."""
    return read_page(DOCS / "fix/first-day-problems.mdx")


def commands(page: Page, anchor: str) -> list[str]:
    """The blocks for a shell below the heading that has this anchor, in order."""
    fences = [fence for fence in below(page, anchor) if fence.language == "bash"]
    return [fence.code for fence in fences if fence.kind in _TYPED]


def configuration(page: Page, anchor: str) -> str:
    """The configuration below that heading."""
    return next(fence.code for fence in below(page, anchor) if fence.language == "yaml")


def row(message: str) -> str:
    """The row of a message in the tables of /fix/troubleshooting: what it means and what to do."""
    lines = read_page(DOCS / "fix/troubleshooting.mdx").lines
    found = [line for line in lines if line.startswith("| ") and message in _CELL.split(line)[0]]
    if len(found) != 1:
        raise LookupError(f"{message!r} is in {len(found)} rows of /fix/troubleshooting")
    return found[0]


def below(page: Page, anchor: str) -> list[Fence]:
    """The blocks below the heading that has this anchor."""
    start = page.line_of(f"{{/* #{anchor} */}}")
    later = [number for number, line in page.prose if number > start and line.startswith("## ")]
    end = min(later, default=len(page.lines) + 1)
    return [fence for fence in page.fences if start < fence.line < end]
