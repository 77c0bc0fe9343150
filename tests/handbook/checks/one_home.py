"""What several pages speak of has one home: elsewhere it is linked, or said in the same words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .pages import Page
from .problem import Problem


@dataclass(frozen=True, slots=True)
class Rule:
    """A way of saying something that another page contradicts or repeats.

    Attributes:
        pattern: What a line must not have.
        what: What is wrong with it.
        cure: What to write instead.
        homes: Addresses of pages that may say it, or the beginnings of such addresses.
        where: ``code``, ``prose`` or ``all``: which lines are looked at.
    """

    pattern: str
    what: str
    cure: str
    homes: tuple[str, ...] = ()
    where: str = "all"


_LIMITS = ("/limits/",)
"""Pages about the plugin, some of them generated from its own messages."""
_CONTRIBUTORS = ("/policies/", "/learn/case-study-template")

RULES = (
    Rule(
        r"\^ANSWER_FILE|test -s \S*answer|grep (?!-)\S*\^ANSWER|grep [^|>]*\^ANSWER(?!:)",
        "another test for success than the one",
        "grep -q '^ANSWER:' run.txt, and a link to /operate/automation#success",
    ),
    Rule(
        r"(?<!uv )pip install (--\S+ )*[\"']?massgen(?!-plugins|\[)",
        "an installation of MassGen by pip, which fails without pins",
        'uv pip install, or <Install name="massgen" />',
        ("/install/requirements", "/fix/", *_LIMITS),
    ),
    Rule(
        r"\bthis repository|[Ii]n a checkout of (it|this|the plugin)|pip install [\"\']?\.(?![\w./])",
        "words for somebody who has the sources; readers have the package",
        'name the plugin, the handbook or its sources; <Install name="plugin" /> installs',
        _CONTRIBUTORS,
    ),
    Rule(
        r"(?i)^\| *`?4`? *\| .*(ctrl|interrupt)",
        "another list of exit codes",
        "link to /reference/files-and-exit-codes#exit-codes",
        (
            "/reference/files-and-exit-codes",
            "/operate/automation",
            "/limits/commands",
            "/fix/troubleshooting",
        ),
        "prose",
    ),
    Rule(
        r"--no-logs.*\b(off|disable)",
        "what --no-logs is called, not what it does: files are written all the same",
        "link to /operate/observe",
        ("/reference/cli",),
        "prose",
    ),
)

_SIX = re.compile(r"(?i)\b(six|6) (gemini )?agents\b.*\brefus")
_SENT = re.compile(r"(?i)\bsix agents[^.|]{0,60}\b(?:made|sent)\s+\d+(?![\d.]*\{)")
_FIGURE = re.compile(r"(?<![\w#/.-])\d+(?![\d.]*\{/\*)\b[^.|]{0,40}\brefus")


def problems(page: Page) -> list[Problem]:
    """Every line that says what has its home elsewhere."""
    found = [problem for rule in RULES for problem in _broken(page, rule)]
    return found if page.url.startswith(_LIMITS) else [*found, *_six_agents(page)]


def _broken(page: Page, rule: Rule) -> Iterator[Problem]:
    if page.url.startswith(rule.homes):
        return
    prose = {number for number, _ in page.prose}
    for number, line in enumerate(page.lines, 1):
        wanted = rule.where == "all" or (number in prose) == (rule.where == "prose")
        if wanted and re.search(rule.pattern, line):
            yield Problem(page.path, number, rule.what, rule.cure)


def _six_agents(page: Page) -> Iterator[Problem]:
    """Figures of the six agents come from the case: each carries the mark that compares it."""
    for number, line in page.prose:
        if _SENT.search(line) or (_SIX.search(line) and _FIGURE.search(line)):
            cure = "write {/* =six-agents-one-key:off.requests */} behind each figure, as the case study does"
            yield Problem(page.path, number, "a figure of the six agents that nothing compares", cure)
