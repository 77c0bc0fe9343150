"""The worked examples: their files saved, their commands typed, and the result looked at."""

from __future__ import annotations

from tests.handbook.checks.pages import read_page
from tests.handbook.checks.places import DOCS, SCRIPTS

from .page import below, commands
from .reader import Story

_TOOLS = SCRIPTS.parent / "programs/node_modules/.bin"
"""Where the file tools are that a reader installs once, with Node.js."""


def _story(name: str, look: str, then: str) -> Story:
    page = read_page(DOCS / f"learn/{name}.mdx")
    files = {fence.words["title"]: fence.code for fence in below(page, "files")}
    ask = commands(page, "run")[0]
    cost = commands(page, "cost")[0]
    fix = f"{ask}\nkill $(jobs -p)\n{cost}\n{look}\n"
    return Story(name, f"mkdir -p docs; export PATH=$PATH:{_TOOLS}; ls", "team.yaml", fix, then, files)


def stories() -> list[Story]:
    """Both examples, with the limits of a free key: two minutes each."""
    return [
        _story(
            "task-measurements",
            "cd .massgen/massgen_logs/*/turn_1/final/sceptic/workspace; python -m unittest; cat report.md",
            r"(?s)WAIT: .*WINNER: sceptic.*total +17 .*Ran 2 tests.*\| attic \| 20\.4 \|",
        ),
        _story(
            "task-release-notes",
            "cat docs/release-2.4.md",
            r"(?s)WINNER: upgrader.*total +16 .*## Before you upgrade",
        ),
    ]
