"""Where claims were verified: each file must be there, and still say what the page relies on."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from .pages import Page
from .places import PACKAGES, ROOT
from .problem import Problem

_COMMENT = re.compile(r"\{/\*\s*verified:\s*(?P<what>.+?)\s*\*/\}")
_CURE = "look how this MassGen does it, change the page, then the needle"


def problems(page: Page) -> list[Problem]:
    """Evidence of the front matter and of comments in the text that does not hold."""
    listed = page.front_matter.get("verified")
    claims = [(page.line_of(item), item) for item in listed if isinstance(item, str)] if listed else []
    for number, line in enumerate(page.lines, 1):
        claims += [(number, match["what"]) for match in _COMMENT.finditer(line)]
    return [Problem(page.path, line, said, _CURE) for line, claim in claims if (said := complaint(claim))]


def complaint(claim: str) -> str:
    """What is wrong with one ``file#needle``; empty if it holds."""
    name, _, needle = claim.partition("#")
    file = find(name.strip())
    if file is None:
        return f"verified in {name!r}, which is neither in this repository nor in the installed packages"
    if needle and not file.is_file():
        return f"verified in {name!r}, which is no file"
    if needle and needle.strip() not in _text(file):
        return f"verified in {name}, which no longer says {needle.strip()!r}"
    return ""


def find(name: str) -> Path | None:
    """A file of this repository, of the installed MassGen, or of what it was installed with."""
    if not name or name.startswith(("/", "..")):
        return None
    for root in (PACKAGES, ROOT):
        for found in sorted(root.glob(name)) if "*" in name else [root / name]:
            if found.exists():
                return found
    return None


@functools.cache
def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")
