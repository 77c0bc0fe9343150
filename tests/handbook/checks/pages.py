"""The pages of the handbook, as they are written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from .fences import Fence, fences_of
from .places import DOCS

_RULE = "---"


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        path: Its file.
        text: All of it.
    """

    path: Path
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """Its lines, without their ends."""
        return self.text.splitlines()

    @cached_property
    def body_start(self) -> int:
        """The index in ``lines`` of the first line after the front matter."""
        if not self.lines or self.lines[0].strip() != _RULE:
            return 0
        ends = [number for number, line in enumerate(self.lines[1:], 1) if line.strip() == _RULE]
        return ends[0] + 1 if ends else 0

    @cached_property
    def front_matter(self) -> dict[str, Any]:
        """What stands between the rules at the top; empty if that is no mapping, or not even YAML."""
        try:
            parsed = yaml.safe_load(self.front_matter_text)
        except yaml.YAMLError:
            return {}
        return parsed if isinstance(parsed, dict) else {}

    @property
    def front_matter_text(self) -> str:
        """What stands between the rules, as it is written."""
        return "\n".join(self.lines[1 : max(self.body_start - 1, 0)])

    @cached_property
    def fences(self) -> list[Fence]:
        """Its code blocks."""
        return fences_of(self.path, self.lines)

    @cached_property
    def prose(self) -> list[tuple[int, str]]:
        """Number and text of each line that is neither front matter nor code."""
        inside = {number for fence in self.fences for number in range(fence.line, fence.end + 1)}
        numbered = enumerate(self.lines[self.body_start :], self.body_start + 1)
        return [(number, line) for number, line in numbered if number not in inside]

    @property
    def url(self) -> str:
        """Where readers find it, from the site's root."""
        if slug := self.front_matter.get("slug"):
            return str(slug)
        inside = self.path.relative_to(DOCS) if self.path.is_relative_to(DOCS) else Path(self.path.name)
        relative = inside.with_suffix("")
        return "/" + str(relative).removesuffix("index").rstrip("/")

    def line_of(self, wanted: str) -> int:
        """The number of the first line in which a text occurs; 1 if there is none."""
        return next((number for number, line in enumerate(self.lines, 1) if wanted in line), 1)


def read_page(path: Path) -> Page:
    """Read one page."""
    return Page(path.resolve(), path.read_text(encoding="utf-8"))


def page_paths() -> list[Path]:
    """All pages' files, in order; partials, whose names begin with ``_``, are not pages."""
    found = [path for ending in ("*.mdx", "*.md") for path in DOCS.rglob(ending)]
    return sorted(path for path in found if not path.name.startswith("_"))
