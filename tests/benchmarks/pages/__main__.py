"""Writes the figures of the last runs into the pages: ``python -m tests.benchmarks.pages``."""

from __future__ import annotations

from tests.benchmarks.pages.writing import PAGES, written

if __name__ == "__main__":
    for page in PAGES:
        page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
