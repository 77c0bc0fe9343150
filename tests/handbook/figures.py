"""What the handbook has, counted: ``.venv/bin/python -m tests.handbook.figures``."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable

from .checks.fences import Fence
from .checks.pages import Page, page_paths, read_page
from .checks.places import STATIC

_CHECKED = {
    "run": "run",
    "raises": "run",
    "massgen": "validated by MassGen",
    "massgen-fragment": "validated by MassGen",
    "massgen-invalid": "validated by MassGen",
    "rate-limit": "validated by the plugin",
    "rate-limit-profile": "validated by the plugin",
    "check": "commands and options compared",
    "compile": "compiled, imports tried",
}


def blocks(fences: Iterable[Fence]) -> Counter[str]:
    """How many code blocks there are, by how they are checked."""
    return Counter(_CHECKED.get(fence.kind, "syntax only, or output") for fence in fences)


def rows(pages: list[Page]) -> list[tuple[int, str]]:
    """Number and name of everything that is counted."""
    fences = [fence for page in pages for fence in page.fences]
    counted = blocks(fences)
    diagrams = sum(fence.language == "mermaid" for fence in fences)
    fix = {page.url: page for page in pages if page.url.startswith("/fix/")}
    troubles = fix["/fix/troubleshooting"].lines
    messages = sum(bool(re.match(r"### `|\| `", line)) for line in troubles)
    run = sum(line.rstrip(" |").endswith("| run") for line in troubles)
    api = next(page for page in pages if page.url == "/reference/plugin-api")
    return [
        (len(pages), "pages"),
        (sum(len(line.split()) for page in pages for _, line in page.prose), "words outside of code"),
        (len(fences), "code blocks"),
        *((number, f"of them {what}") for what, number in counted.most_common()),
        (diagrams, "diagrams"),
        (sum("<Figure" in line for page in pages for line in page.lines), "charts"),
        (len(list((STATIC / "templates").glob("*.yaml"))), "templates"),
        (len(list((STATIC / "recordings").glob("*.cast"))), "recordings of terminals"),
        (len(list(STATIC.rglob("*.webm"))), "films"),
        (messages, "messages in troubleshooting"),
        (run, "of those of libraries and the system provoked for the page"),
        (sum(line.startswith("### ") for line in fix["/fix/known-traps"].lines), "known traps"),
        (sum(line.startswith("### ") for line in api.lines), "classes and functions of the plugin, typed"),
        (sum("verified:" in line for page in pages for line in page.lines), "marks that name evidence"),
    ]


def main() -> None:
    """Print them."""
    for number, what in rows([read_page(path) for path in page_paths()]):
        sys.stdout.write(f"{number:8,}  {what}\n")


if __name__ == "__main__":
    main()
