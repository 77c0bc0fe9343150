"""A policy says what it covers, what holds, why, how it is checked, who answers for it, what is excepted."""

from __future__ import annotations

import re

from .evidence import find
from .pages import Page
from .places import ROOT
from .problem import Problem

SECTIONS = ("Scope", "Rule", "Reason", "How it is checked", "Owner", "Exceptions")
_HEADING = re.compile(r"^#{2,3} +(?P<title>.*?)\s*(\{.*\})?\s*$")
_CODE = re.compile(r"`([^`]+)`")
_TARGET = re.compile(r"^make ([\w-]+)$")


def problems(page: Page) -> list[Problem]:
    """Missing sections, and checks that do not exist; nothing for pages that are no policies."""
    if page.front_matter.get("kind") != "policy":
        return []
    sections = _sections(page)
    found = [
        Problem(page.path, 1, f"a policy without the section {wanted!r}", f"it has: {', '.join(SECTIONS)}")
        for wanted in SECTIONS
        if not any(_same(title, wanted) for title in sections)
    ]
    return found + _checks(page, sections)


def _same(title: str, wanted: str) -> bool:
    return title.lower() in {wanted.lower(), f"{wanted.lower()}s", f"{wanted.lower()}s and limits"}


def _sections(page: Page) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    title = ""
    for _, line in page.prose:
        if heading := _HEADING.match(line):
            title = heading["title"]
        found.setdefault(title, []).append(line)
    return found


def _checks(page: Page, sections: dict[str, list[str]]) -> list[Problem]:
    text = "\n".join(
        line for title, lines in sections.items() if _same(title, "How it is checked") for line in lines
    )
    if not text:
        return []
    line = page.line_of("How it is checked")
    named = [
        code for code in _CODE.findall(text) if "/" in code and not code.startswith(("/", "http", "~", "@"))
    ]
    missing = [code for code in named if find(code.split("::")[0].split("#")[0]) is None]
    found = [Problem(page.path, line, f"the check {code!r} does not exist") for code in missing]
    if not named and not any(map(_is_target, _CODE.findall(text))):
        cure = "name a test file, a script or a `make` target in backticks"
        found.append(Problem(page.path, line, "no check is named", cure))
    return found


def _is_target(code: str) -> bool:
    match = _TARGET.match(code)
    return bool(match) and f"\n{match[1]}:" in (ROOT / "Makefile").read_text(encoding="utf-8")
