"""The lines of the home page: from nothing to an answer of three agents."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from massgen_plugins import sandbox

from .checks.places import STATIC, WEBSITE
from .massgen_run import massgen

HOME = json.loads((WEBSITE / "src/data/home.json").read_text(encoding="utf-8"))
WAYS = HOME["ways"]


@pytest.fixture(scope="module")
def provider():
    with sandbox.SandboxProcess() as running:
        yield running.url


def last_command(way):
    """What follows ``massgen`` in the last line."""
    return re.search(r"&& massgen (.*)$", way["commands"][-1])[1]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way["title"])
def test_each_way_has_three_lines_and_installs_with_uv_what_it_uses(way):
    assert len(way["commands"]) == 3
    assert 'uv pip install "massgen==' in way["commands"][0]
    uses_plugin = any("massgen_plugins" in line for line in way["commands"])
    assert uses_plugin == ("massgen-plugins" in way["commands"][0])


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way["title"])
def test_the_file_that_is_fetched_is_there_and_is_the_one_that_is_run(way):
    name = re.search(r"templates/(\S+\.yaml)", way["commands"][-1])[1]
    assert (STATIC / "templates" / name).is_file()
    assert name in shlex.split(last_command(way))


def test_the_last_line_gives_an_answer_of_three_agents(tmp_path, provider):
    team = (STATIC / "templates/first-team.yaml").read_text(encoding="utf-8")
    ended = massgen(
        tmp_path,
        last_command(WAYS[0]),
        {"first-team.yaml": team},
        GEMINI_API_KEY="your-key",
        GOOGLE_GEMINI_BASE_URL=provider,
    )
    assert "COMPLETED: 3 agents" in ended.text
    assert re.search(r"^ANSWER: ", ended.text, re.MULTILINE)


def test_the_sandbox_of_the_second_line_listens_where_massgen_is_sent():
    line = WAYS[1]["commands"][1]
    port = re.search(r"--port (\d+)", line)[1]
    assert f"http://127.0.0.1:{port}" in line
