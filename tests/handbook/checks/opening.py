"""How a page begins: with a paragraph that gives the answer."""

from __future__ import annotations

import re

from .pages import Page
from .problem import Problem

_NOT_PROSE = re.compile(r"^(#|[-*+] |\d+\. |```|~~~|:::|>|\||<(?!Fact)|!\[)")
_INVISIBLE = re.compile(r"^(import |export |\{/\*.*\*/\}\s*$)")
_ENDS = re.compile(r"""[.!?](?=["'`)*_\]]*(\s|$))""")
_ABBREVIATIONS = re.compile(r"\b(e\.g|i\.e|etc|vs)\.")
_CURE = "begin with one paragraph of two or more sentences that gives the answer, before any list or code"


def problems(page: Page) -> list[Problem]:
    """What is wrong with the first paragraph, and with headings."""
    return [*_first(page), *_headings(page)]


def _first(page: Page) -> list[Problem]:
    start, text = paragraph(page)
    if _NOT_PROSE.match(text) or not text:
        return [Problem(page.path, start, "the page does not begin with a paragraph", _CURE)]
    if len(_ENDS.findall(_ABBREVIATIONS.sub("", text))) < 2:
        return [Problem(page.path, start, "the first paragraph has fewer than two sentences", _CURE)]
    return []


def paragraph(page: Page) -> tuple[int, str]:
    """The first paragraph of a page, on one line, and the number of the line on which it begins."""
    lines = list(enumerate(page.lines[page.body_start :], page.body_start + 1))
    while lines and (not lines[0][1].strip() or _INVISIBLE.match(lines[0][1].strip())):
        lines.pop(0)
    if not lines:
        return 1, ""
    kept = []
    for _, line in lines:
        if not line.strip():
            break
        kept.append(line.strip())
    return lines[0][0], " ".join(kept)


def _headings(page: Page) -> list[Problem]:
    found = [(number, line) for number, line in page.prose if re.match(r"^# ", line)]
    return [
        Problem(page.path, number, "a second H1", "the title is the only one: use ## here")
        for number, _ in found
    ]
