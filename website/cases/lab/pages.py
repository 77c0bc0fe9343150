"""What pages show of cases is what the cases' files say: found by marks, compared, brought up to date.

A figure is the word before its mark: ``26{/* =six-agents-one-key:off.requests */}``. An excerpt of a log is
the fence after ``{/* excerpt six-agents-one-key:off-output */}``, a file of the case the one after
``{/* file six-agents-one-key:team.yaml */}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.results import format_figure

__all__ = ["figures_in", "read_results", "update_pages", "updated"]

_FIGURE = re.compile(r"(?P<shown>[\w.,:-]+)(?P<mark>\{/\* =(?P<case>[\w-]+):(?P<name>[\w.-]+) \*/\})")
_FENCE = re.compile(
    r"(?P<mark>\{/\* (?P<kind>excerpt|file) (?P<case>[\w-]+):(?P<name>[\w./-]+) \*/\}\s*```[^\n]*\n)"
    r"(?P<shown>.*?)(?P<end>^```)",
    re.DOTALL | re.MULTILINE,
)

_EXAMPLE = "my-case"
"""A case that there is not: pages that explain the marks use it."""


def read_results(cases: Path) -> dict[str, Any]:
    """Every results file, by case, with the lines of the case's own files."""
    results: dict[str, Any] = {}
    for file in sorted(cases.glob("*/result.json")):
        own = [each for kind in ("*.yaml", "*.py", "*.md", "data/*") for each in file.parent.glob(kind)]
        lines = {str(each.relative_to(file.parent)): each.read_text("utf-8").splitlines() for each in own}
        results[file.parent.name] = {**json.loads(file.read_text("utf-8")), "files": lines}
    return results


def figures_in(text: str) -> Iterator[tuple[str, str, str]]:
    """Each marked figure of a page: what is shown, the case, and the figure's name."""
    for found in _FIGURE.finditer(text):
        yield found["shown"], found["case"], found["name"]


def updated(text: str, results: dict[str, Any]) -> str:
    """The page with the figures and excerpts of the results.

    Raises:
        LookupError: A mark names a case, a figure or an excerpt that there is not.
    """

    def figure(found: re.Match[str]) -> str:
        if found["case"] == _EXAMPLE:
            return found[0]
        return format_figure(_look_up(results, "figures", found)) + str(found["mark"])

    def fence(found: re.Match[str]) -> str:
        if found["case"] == _EXAMPLE:
            return found[0]
        lines = _look_up(results, "excerpts" if found["kind"] == "excerpt" else "files", found)
        return found["mark"] + "".join(f"{line}\n" for line in lines) + found["end"]

    return _FENCE.sub(fence, _FIGURE.sub(figure, text))


def update_pages(cases: Path) -> list[str]:
    """Bring all pages up to date; returns the names of those that changed."""
    results = read_results(cases)
    changed = []
    for page in sorted((cases.parent / "docs").rglob("*.mdx")):
        text = page.read_text("utf-8")
        try:
            new = updated(text, results)
        except LookupError as error:
            changed.append(f"NOT {page.name}: {error}")
            continue
        if new != text:
            page.write_text(new, encoding="utf-8")
            changed.append(page.name)
    return changed


def _look_up(results: dict[str, Any], part: str, found: re.Match[str]) -> Any:
    """A figure, or the lines of an excerpt or a file; raises ``LookupError``."""
    case, name = found["case"], found["name"]
    if name not in results.get(case, {}).get(part, {}):
        raise LookupError(f"There is no {part} {case}:{name}.")
    return results[case][part][name]
