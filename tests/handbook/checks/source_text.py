"""What no page may say anywhere, code included."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from .pages import Page
from .places import ROOT
from .problem import Problem

_HERE = "|".join(re.escape(str(each)) for each in (Path.home(), ROOT.parent))

FORBIDDEN: Mapping[str, str] = {
    rf"(?<![\w.~-])({_HERE})(/|\b(?!-))": "a path of the machine on which the page was written",
    r"\b(pypi|pythonhosted|npmjs|debian)\.org": "the host of a package registry",
    r"<!--": "an HTML comment; write {/* ... */}",
    r"\b(TODO|FIXME|XXX|TBD|lorem ipsum)\b": "an unfinished place",
    r"\b(AIza[\w-]{20,}|sk-[A-Za-z0-9_-]{20,}|gsk_\w{20,}|xai-\w{20,}|ghp_\w{20,}|AKIA[A-Z0-9]{16})\b": (
        "a text that looks like an API key"
    ),
    r"discord\.gg|zoom\.us|meet\.google": "a link to a chat or a meeting",
}
"""Pattern to what it betrays."""

_PROSE_ONLY: Mapping[str, str] = {
    r"^\s*:::\w+[ \t]+[^\[{\s]": "an admonition title without brackets; write :::warning[Title]",
    r"^#+ .*\{#": "a heading id that does not compile; write {/* #id */}",
    r"<a\s+href": "a raw link, which nobody checks; write [text](/target)",
    r"pathname://": "a link that nobody checks",
}


def problems(page: Page) -> list[Problem]:
    """Every place where a page says such a thing."""
    found = []
    for number, line in enumerate(page.lines, 1):
        found += [(number, what) for pattern, what in FORBIDDEN.items() if re.search(pattern, line)]
    for number, line in page.prose:
        found += [(number, what) for pattern, what in _PROSE_ONLY.items() if re.search(pattern, line)]
    return [Problem(page.path, number, what, "remove it") for number, what in found]
