"""Where things are in this repository."""

from __future__ import annotations

from pathlib import Path

__all__ = ["DOCS", "FACTS", "REPOSITORY", "SNAPSHOT", "STATIC", "VERSIONS"]

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "website" / "docs"
STATIC = REPOSITORY / "website" / "static"
FACTS = REPOSITORY / "website" / "facts.json"
SNAPSHOT = REPOSITORY / "website" / "generate" / "snapshot.json"
VERSIONS = REPOSITORY / "website" / "generate" / "versions.json"
