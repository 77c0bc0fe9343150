"""The house style, as far as a program can hold a page to it: see the documentation policy, "House style"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .opening import paragraph
from .pages import Page
from .problem import Problem


@dataclass(frozen=True, slots=True)
class Style:
    """One rule.

    Attributes:
        pattern: What it forbids, in running text outside of code and quotations.
        what: What is wrong with it.
        instead: What to write.
        opening: Only the first paragraph is held to it.
        homes: Addresses of pages that define the word, and may use it.
    """

    pattern: str
    what: str
    instead: str
    opening: bool = False
    homes: tuple[str, ...] = ()


RULES = (
    Style(
        r"^(After|With|By) (reading )?(this page|these \w+|an entry)?,? ?you\b"
        r"|^(After|With) (reading )?this page",
        "an opening that could stand on every page",
        "begin with the answer: what the thing does, or what to type",
        opening=True,
    ),
    Style(
        r"\b(was|were) (tried|reproduced|run literally|found by)\b"
        r"|\b(a|each|the) tests? (keeps?|repeats?|provokes?|checks?|compares?)\b"
        r"|not heard of|followed literally|on each change of|(?<!not )\bwere (all )?measured\b",
        "the page vouches for itself",
        "leave it to the box at its end; say only what was not tried",
        opening=True,
    ),
    Style(r"\bbelongs? into\b", "no English idiom", '"belongs in" or "goes into"'),
    Style(
        r"\b(?!friend)\w+ of (yours|ours|mine)\b",
        "a foreign possessive",
        '"your agent", not "an agent of yours"',
    ),
    Style(r"\bshall\b", "a word of contracts", '"must", "can", or the present tense'),
    Style(r"\b(mend|mends|mended|mending)\b", "a word for clothes", '"fix" or "repair"'),
    Style(r"\b(cure|cures|cured)\b", "a word for illnesses", '"fix"'),
    Style(r"\bfor ever\b", "old spelling", '"forever", or how long'),
    Style(
        r"\b(is|was|until|before it was|were) content\b|\bcontent with\b",
        "no plain word",
        '"accepts", "agrees"',
    ),
    Style(r"\bworth its (price|money)\b", "a foreign idiom", '"worth the cost"'),
    Style(
        r"\b(files?|it|they|logs?|folders?|director\w+|workspaces?|answers?|everything|copies|what) lies?\b"
        r"|\blies? (below|beside|in|where|at)\b",
        "files do not lie",
        '"is in"',
    ),
    Style(
        r"\b(stands?|stand) (under|beside|above|below|in|at|there|here|on the page|before|behind|where)\b",
        "text does not stand",
        '"is", "appears"',
    ),
    Style(
        r"\b(likewise|in vain|as good as|thereby|hereby|whereby|thus|hence|besides)\b",
        "a stiff word",
        "a plain one, or none",
    ),
    Style(r"\bby the way\b", "filler", "leave it out"),
    Style(
        r"(?<![\w-])(seams?|needles?|stamps?|ledgers?|households?|the lab)\b",
        "a word of those who build the handbook",
        "what it is: a place in MassGen's source, a text to look for, a time, a list",
        homes=("/limits/how-it-works",),
    ),
    Style(
        r"\b(simply|easily|obviously|of course|seamless(ly)?|powerful|robust|blazing|honestly?)\b",
        "praise or reassurance",
        "say what it does",
    ),
    Style(
        r"\b(no|No) (\w+ ){1,3}of which\b|\bthe one (thing|word) (that|which)\b",
        "a winding sentence",
        "two short ones",
    ),
    Style(
        r"\bhas it all\b|\bthe whole story\b|\bis the story\b|\bquietly do nothing\b",
        "a figure of speech",
        "say what is there",
    ),
)

ALONE = re.compile(r"\w+|How it works|Quick start|What was measured|Getting started", re.IGNORECASE)
"""Titles that say nothing in a list of search results."""

_CODE = re.compile(r"`+[^`]*`+|\{/\*.*?\*/\}|\]\([^)]*\)|<[^>]+>")
_QUOTED = re.compile(r"[\"“][^\"”]*[\"”]")


def problems(page: Page) -> list[Problem]:
    """Every place at which a page leaves the house style."""
    found = list(_title(page))
    start, first = paragraph(page)
    found += _in(page, start, first, opening=True)
    for number, line in page.prose:
        found += _in(page, number, line, opening=False)
    return found


def _title(page: Page) -> Iterator[Problem]:
    title = str(page.front_matter.get("title", ""))
    if ALONE.fullmatch(title):
        what = f"the title {title!r} does not stand alone"
        yield Problem(page.path, page.line_of("title:"), what, "write what it is about")


def _in(page: Page, number: int, text: str, *, opening: bool) -> Iterator[Problem]:
    shown = _QUOTED.sub('""', _CODE.sub(" ", text))
    for rule in RULES:
        if page.url in rule.homes:
            continue
        if rule.opening is opening and (match := re.search(rule.pattern, shown, re.IGNORECASE)):
            yield Problem(page.path, number, f"{match[0].strip()!r}: {rule.what}", f"write {rule.instead}")
