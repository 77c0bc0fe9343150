"""The handbook's figures are those of the results in this repository."""

from __future__ import annotations

import json
import re

import pytest

from tests.benchmarks.pages import writing


@pytest.mark.parametrize("page", writing.PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_the_results_say(page) -> None:
    text = page.read_text(encoding="utf-8")
    assert "{/* figures: " in text
    assert writing.written(text) == text, "run `python -m tests.benchmarks.pages`"


@pytest.mark.parametrize("page", writing.PAGES, ids=lambda page: page.stem)
def test_a_page_states_no_measured_figure_by_hand(page) -> None:
    """Ratios, percentages and times stand in the tables; what is written around them does not repeat them."""
    text = re.sub(r"\{/\* figures: .*?\{/\* end of figures \*/\}", "", page.read_text(), flags=re.DOTALL)
    assert not re.findall(r"\d[\d.,]* ?(?:%|x\b|us\b|KiB)", text)


def test_the_pictures_show_what_the_results_say() -> None:
    for name, picture in writing.drawn().items():
        assert (writing.IMAGES / name).read_text(encoding="utf-8") == picture


@pytest.mark.parametrize("name", ["full.json", "python-3.12.json", "fleet.json"])
def test_results_say_where_they_come_from(name: str) -> None:
    machine = json.loads((writing.RESULTS / name).read_text(encoding="utf-8"))["machine"]
    assert machine["date"]
    assert machine["processor"]
    assert machine["versions"]["massgen-plugins"]
