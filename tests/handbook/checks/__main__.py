"""Checks pages by hand: ``.venv/bin/python -m tests.handbook.checks [--static | --words] [PAGE.mdx ...]``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from . import host
from .pages import page_paths, read_page
from .problem import report
from .whole_page import check_page, check_writing, needs_massgen


def main() -> int:
    """Check the pages that are named, or all; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.handbook.checks", description=__doc__)
    parser.add_argument("pages", nargs="*", type=Path, help="their files; all pages if none is named")
    parser.add_argument(
        "--static", action="store_true", help="do not run the fences that say `run` or `raises`"
    )
    parser.add_argument("--words", action="store_true", help="all but the fences: a second, without MassGen")
    asked = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(HOME=home)
        pages = [read_page(path) for path in asked.pages or page_paths()]
        if not (asked.words or asked.static) and any(map(needs_massgen, pages)):
            host.module("massgen.cli.entrypoint")  # once: what the fences start is a fork of this process
        for page in pages:
            problems = check_writing(page) if asked.words else check_page(page.path, static=asked.static)
            wrong += len(problems)
            sys.stdout.write(report(problems) + "\n" if problems else "")
            sys.stdout.flush()
    sys.stdout.write(f"{len(pages)} pages, {wrong} problems\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
