"""Every page: its front matter, its evidence, its beginning, and what it may not say."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache

import pytest

from .checks.pages import Page, page_paths, read_page
from .checks.places import LEAST_PAGES, WEBSITE, shown
from .checks.problem import report
from .checks.whole_page import check_writing


@cache
def pages() -> list[Page]:
    return [read_page(path) for path in page_paths()]


def ids(page: Page) -> str:
    return shown(page.path)


@pytest.mark.parametrize("page", pages(), ids=ids)
def test_page_is_well_formed_and_its_evidence_holds(page):
    problems = check_writing(page)
    assert not problems, "\n" + report(problems)


def test_the_handbook_is_whole():
    assert len(pages()) >= LEAST_PAGES


@pytest.mark.parametrize("key", ["title", "description"])
def test_no_two_pages_say_the_same_of_themselves(key):
    counted = Counter(str(page.front_matter.get(key)).lower() for page in pages())
    assert not [text for text, times in counted.items() if times > 1]


def test_no_page_names_a_held_out_question_among_its_keywords():
    files = (WEBSITE / "checks").glob("held-out*.json")
    held_out = [each for file in files for each in json.loads(file.read_text(encoding="utf-8"))]
    asked = {question["ask"].lower() for question in held_out}
    named = {str(word).lower() for page in pages() for word in page.front_matter.get("keywords") or ()}
    assert not asked & named


def test_no_alias_is_a_page_or_belongs_to_two():
    aliases = Counter(alias for page in pages() for alias in page.front_matter.get("aliases") or ())
    urls = {page.url for page in pages()}
    assert not {alias for alias, times in aliases.items() if times > 1 or alias in urls}
