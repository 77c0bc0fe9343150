"""Files that pages show and readers download: templates and recordings."""

from __future__ import annotations

import json
import re

import pytest

from .checks.fences import Fence
from .checks.pages import page_paths, read_page
from .checks.places import STATIC
from .checks.problem import report
from .checks.yaml_code import full

TEMPLATES = sorted((STATIC / "templates").glob("*.yaml"))
RECORDINGS = sorted((STATIC / "recordings").glob("*.cast"))
WIDEST = 90
"""Columns: more cannot be read beside a menu."""


def used(component: str) -> set[str]:
    pattern = re.compile(rf'<{component}\s+name="([\w-]+)"')
    return {name for path in page_paths() for name in pattern.findall(read_page(path).text)}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_is_a_valid_configuration(path):
    custom = {"custom-model": ""} if "custom-model" in path.read_text() else {}
    problems = full(Fence(path, 1, 1, "yaml", {"massgen": "", **custom}, path.read_text()))
    assert not problems, "\n" + report(problems)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_says_at_its_top_what_it_is_for(path):
    assert path.read_text().startswith("# ")


def test_every_template_is_shown_on_a_page():
    assert {path.stem for path in TEMPLATES} == used("Template")


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_plays_is_narrow_enough_and_has_its_words(path):
    header, *events = map(json.loads, path.read_text().splitlines())
    assert header["version"] in (2, 3)
    assert header.get("width", header.get("term", {}).get("cols")) <= WIDEST
    assert events
    assert len(path.with_suffix(".txt").read_text().split()) > 5


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_shows_nothing_of_the_machine_that_made_it(path):
    shown = path.read_text() + path.with_suffix(".txt").read_text()
    assert not re.search(r"(?<![\w.~])/(work|root)/|pypi\.org|AIza\w{20}|sk-\w{20}", shown)


def test_every_recording_is_shown_on_a_page():
    assert {path.stem for path in RECORDINGS} == used("Recording")
