"""Which of MassGen's examples the demo takes, and that it changes one line in them."""

from __future__ import annotations

import re

import pytest
import yaml

from massgen_plugins.demo.examples import DEFAULT_EXAMPLE, find_example
from massgen_plugins.demo.failure import DemoError


@pytest.fixture(scope="module")
def example():
    return find_example(DEFAULT_EXAMPLE)


def test_default_is_a_team_of_gemini_agents(example):
    assert example.agents > 1
    assert all(model.startswith("gemini-") for model in example.models)


def test_only_the_switch_is_added(example):
    before, after = example.text.splitlines(), example.switched.splitlines()
    kept = [line for line in after if line.strip() != "enable_rate_limit: true"]
    assert kept == before
    assert len(after) - len(before) == example.agents


def test_every_agent_has_the_switch(example):
    assert all(
        agent["backend"]["enable_rate_limit"] is True for agent in yaml.safe_load(example.switched)["agents"]
    )


def test_the_change_that_is_shown_is_one_line(example):
    changed = [line for line in example.first_change().splitlines() if line[0] in "+-"]
    assert [line.split() for line in changed] == [["+", "enable_rate_limit:", "true"]]


@pytest.mark.parametrize("written", [f"@examples/{DEFAULT_EXAMPLE}", f"{DEFAULT_EXAMPLE}.yaml"])
def test_names_as_massgen_writes_them(example, written):
    assert find_example(written) == example


@pytest.mark.parametrize(
    "name",
    [
        "no/such_example",
        "basic/multi/gemini_gpt5_claude",  # other providers too
        "analysis/log_analysis",  # needs MCP servers and docker
        "",
        "../../../etc/passwd",
    ],
)
def test_others_are_refused_with_those_that_can_be_taken(name):
    with pytest.raises(DemoError, match=re.escape(DEFAULT_EXAMPLE)):
        find_example(name)
