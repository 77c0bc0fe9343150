"""The files that are generated: what should be in each, which differ, and writing them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from pathlib import Path

from massgen_plugins.profiles.schema import SCHEMAS, json_schema
from website.generate.facts import facts_text
from website.generate.gallery import GALLERY, gallery_text
from website.generate.owners import OWNERS, owners_text
from website.generate.pages import PAGES
from website.generate.places import DOCS, FACTS, REPOSITORY, SNAPSHOT, STATIC, VERSIONS
from website.generate.release.snapshot import snapshot_text
from website.generate.release.versions import versions_text

__all__ = ["differing", "generated", "write_all"]

_CURE = "run `python -m website.generate write` and look at the difference"


def generated() -> Iterator[tuple[Path, str]]:
    """Every file, and what should be in it."""
    yield FACTS, facts_text()
    yield SNAPSHOT, snapshot_text()
    yield VERSIONS, versions_text()
    yield GALLERY, gallery_text()
    for path, render in PAGES.items():
        yield DOCS / path, render()
    yield OWNERS, owners_text()
    for name in SCHEMAS:
        yield STATIC / "schemas" / f"{name}.schema.json", json.dumps(json_schema(name), indent=2) + "\n"


def differing() -> list[str]:
    """One sentence for each file that is not as it should be, with the first lines that differ."""
    return [problem for path, text in generated() if (problem := _difference(path, text))]


def write_all() -> list[str]:
    """Write what has changed.

    Returns:
        Paths of the files that were written, relative to the repository.
    """
    written = []
    for path, text in generated():
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
            written.append(path.relative_to(REPOSITORY).as_posix())
    return written


def _difference(path: Path, text: str) -> str:
    name = path.relative_to(REPOSITORY).as_posix()
    if not path.exists():
        return f"{name} is missing; {_CURE}."
    found = path.read_text("utf-8")
    if found == text:
        return ""
    lines = difflib.unified_diff(
        found.splitlines(), text.splitlines(), "is there", "should be", lineterm="", n=0
    )
    return f"{name} differs; {_CURE}:\n" + "\n".join(list(lines)[:12])
