"""``.github/CODEOWNERS``: who is asked when a page changes, from the page's own ``owner:``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from website.generate.places import DOCS, REPOSITORY

__all__ = ["OWNERS", "owners_text"]

OWNERS = REPOSITORY / ".github/CODEOWNERS"
_TEAMS: Mapping[str, str] = {
    "handbook": "@massgen/handbook",
    "host": "@massgen/host",
    "limiter": "@massgen/limiter",
    "research": "@massgen/research",
}
"""Role to the team that fills it."""
_REST = (("*", "limiter"), ("/website/", "handbook"), ("/website/cases/", "research"))
_HEAD = "# Written by `python -m website.generate write` from the `owner:` of each page. Later lines win.\n"


def owners_text() -> str:
    """The whole file."""
    pages = [(f"/{path.relative_to(REPOSITORY).as_posix()}", _owner(path)) for path in _pages()]
    return _HEAD + "".join(f"{pattern} {_TEAMS[role]}\n" for pattern, role in (*_REST, *pages))


def _pages() -> list[Path]:
    return sorted(path for path in DOCS.rglob("*.mdx") if not path.name.startswith("_"))


def _owner(path: Path) -> str:
    return str(yaml.safe_load(path.read_text("utf-8").split("---\n")[1])["owner"])
