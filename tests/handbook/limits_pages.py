"""Reads the pages of the section "limits" for their tests: prose as a reader sees it, and files in fences."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["LIMITS", "files_of", "text_of"]

LIMITS = Path(__file__).parents[2] / "website" / "docs" / "limits"

_FILE = re.compile(r'^```[^\n]*title="([^"]+)"[^\n]*\n(.*?)^```', re.MULTILINE | re.DOTALL)


def text_of(page: str) -> str:
    """A page of the section, with its white space made one space."""
    return " ".join((LIMITS / f"{page}.mdx").read_text("utf-8").split())


def files_of(page: str) -> dict[str, str]:
    """The content of every fence that has a title, by title."""
    return dict(_FILE.findall((LIMITS / f"{page}.mdx").read_text("utf-8")))
