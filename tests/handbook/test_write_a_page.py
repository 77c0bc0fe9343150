"""The guide for writers names every class and component that there is, and the Markdown copies are clean."""

from __future__ import annotations

import re

import pytest

from .checks.building import build
from .checks.classes import CLASSES, PLAIN
from .checks.pages import page_paths, read_page
from .checks.places import DOCS, WEBSITE

_SHOWS_CLASSES = {"/learn/case-study-template"}
"""A block of this page is itself the source of a page."""
GUIDE = (DOCS / "policies/write-a-page.mdx").read_text(encoding="utf-8")


def test_the_guide_has_every_class_of_code_blocks():
    named = set(re.findall(r'^\| `(\w+ [\w-]+)(?:="message")?` \|', GUIDE, re.MULTILINE))
    assert named == {f"{language} {name}" for language, classes in CLASSES.items() for name in classes}


def test_the_guide_names_the_languages_that_need_no_class():
    sentence = next(line for line in GUIDE.splitlines() if "need no class" in line)
    assert set(re.findall(r"`(\w+)`", sentence.split("need no class")[0])) == set(PLAIN)


def test_the_guide_has_every_component():
    text = (WEBSITE / "src/theme/MDXComponents.tsx").read_text(encoding="utf-8")
    given = re.search(r"\.\.\.MDXComponents, ([^}]*)", text)[1]
    components = set(re.findall(r"\b[A-Z]\w+", given)) - {"Table", "HeadCell", "Gallery"}
    assert all(f"`<{name}" in GUIDE for name in components)


@pytest.mark.site
def test_copies_have_no_classes_and_lead_to_copies():
    site = build()
    for page in map(read_page, page_paths()):
        if page.url in _SHOWS_CLASSES:
            continue
        text = (site / f"{page.url.strip('/')}.md").read_text(encoding="utf-8")
        opened = re.findall(r"^\s*```(\w+)(.*)$", text, re.MULTILINE)
        strange = [
            rest
            for _, rest in opened
            if rest and not re.fullmatch(r'( title="[^"]*")?( \(MassGen refuses this: .*\))?', rest)
        ]
        assert not strange, (page.url, strange)
        assert not re.findall(r"\]\(/(?!img|templates|recordings)[\w-]+/[\w-]+/(?:#[\w-]+)?\)", text), (
            page.url
        )


@pytest.mark.site
def test_agents_are_told_the_version_the_test_for_success_and_a_bundle_for_each_section():
    site = build()
    index = (site / "llms.txt").read_text(encoding="utf-8")
    assert "This handbook describes MassGen 0." in index
    assert "grep -q '^ANSWER:' run.txt" in index
    bundles = re.findall(r"/(llms-[\w-]+\.txt)", index)
    assert (
        len(set(bundles) - {"llms-full.txt"})
        == len(re.findall(r"^## (?!Instructions)", index, re.MULTILINE))
        == 10
    )
    for name in bundles:
        assert (site / name).stat().st_size > 10_000, name
