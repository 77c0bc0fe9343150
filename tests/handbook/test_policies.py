"""The policies keep the form that they promise: six sections, numbered rules, an owner, and templates."""

from __future__ import annotations

import re

import pytest

from .checks.pages import read_page
from .checks.places import ROOT

FOLDER = ROOT / "website" / "docs" / "policies"
GUIDES = {"handbook-measured", "overview", "write-a-page"}
POLICIES = sorted(file for file in FOLDER.glob("*.mdx") if file.stem not in GUIDES)
SECTIONS = ["Scope", "Rule", "Reason", "How it is checked", "Owner", "Exceptions"]
ROLES = {"handbook", "limiter", "host", "research"}
_RULE = re.compile(r"^\d+\. \*\*([A-Z]{2})-(\d+) ", re.MULTILINE)


_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def text_of(file):
    return file.read_text(encoding="utf-8")


def test_there_are_eight_and_the_overview_leads_to_each():
    assert len(POLICIES) == 8
    overview = text_of(FOLDER / "overview.mdx")
    assert all(f"](/policies/{file.stem})" in overview for file in POLICIES)
    assert all(f"| {role} |" in overview for role in ROLES)


@pytest.mark.parametrize("file", POLICIES, ids=lambda file: file.stem)
def test_a_policy_has_the_six_sections_in_order(file):
    prose = _FENCE.sub("", text_of(file))
    assert re.findall(r"^## (.+)$", prose, re.MULTILINE) == SECTIONS


@pytest.mark.parametrize("file", POLICIES, ids=lambda file: file.stem)
def test_its_rules_are_numbered_without_gaps_under_one_prefix(file):
    prefixes, numbers = zip(*_RULE.findall(text_of(file)), strict=True)
    assert len(set(prefixes)) == 1
    assert [int(number) for number in numbers] == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 9


def test_no_two_policies_share_a_prefix():
    prefixes = [_RULE.findall(text_of(file))[0][0] for file in POLICIES]
    assert len(set(prefixes)) == len(prefixes)


@pytest.mark.parametrize("file", POLICIES, ids=lambda file: file.stem)
def test_its_owner_is_a_role_and_so_is_that_of_the_page(file):
    page = read_page(file)
    owner = text_of(file).partition("\n## Owner\n")[2].partition("\n## ")[0]
    assert page.front_matter["owner"] in ROLES
    assert ROLES & set(re.findall(r"\w+", owner))


@pytest.mark.parametrize("file", POLICIES, ids=lambda file: file.stem)
def test_it_brings_a_template_to_copy(file):
    assert re.search(r"^### Template: .+\n\n```\w", text_of(file), re.MULTILINE)


@pytest.mark.parametrize("file", POLICIES, ids=lambda file: file.stem)
def test_a_rule_that_another_page_names_exists(file):
    known = {f"{prefix}-{number}" for other in POLICIES for prefix, number in _RULE.findall(text_of(other))}
    prefixes = {name[:2] for name in known}
    named = {name for name in re.findall(r"\b[A-Z]{2}-\d+\b", text_of(file)) if name[:2] in prefixes}
    assert named <= known
