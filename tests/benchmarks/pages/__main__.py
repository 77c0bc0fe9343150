"""Writes the figures of the last runs into the pages, and draws them: run it after each change of results."""

from __future__ import annotations

from tests.benchmarks.pages.writing import IMAGES, PAGES, drawn, written

if __name__ == "__main__":
    for page in PAGES:
        page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
    for name, picture in drawn().items():
        (IMAGES / name).write_text(picture, encoding="utf-8")
