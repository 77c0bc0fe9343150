"""The worked examples, followed by the real MassGen: who wins, and which files are there in the end."""

from __future__ import annotations

import csv
import inspect
import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from massgen_plugins import sandbox
from massgen_plugins.sandbox.scenes import shipped_scenes

from .checks import host, running
from .checks.places import DOCS, SCRIPTS, WEBSITE
from .massgen_run import Ended, massgen, words

CASES = WEBSITE / "cases"
FILE_TOOLS = SCRIPTS.parent / "programs/node_modules/.bin"


def files_of(case: str) -> dict[str, str]:
    """What the page has its reader save; without limits, since nobody waits here."""
    kept = [path for path in (CASES / case).rglob("*") if path.suffix in {".yaml", ".csv", ".md", ".py"}]
    texts = {str(path.relative_to(CASES / case)): path.read_text("utf-8") for path in kept}
    return {
        name: text.replace("enable_rate_limit: true", "enable_rate_limit: false")
        for name, text in texts.items()
    }


def command_of(page: str) -> str:
    """What follows ``massgen`` in the page's command."""
    return re.search(r"^massgen (.*)$", (DOCS / f"learn/{page}.mdx").read_text("utf-8"), re.MULTILINE)[1]


def follow(page: str, folder: Path, **files: str) -> Ended:
    """Run the page's command in an empty home, with its files."""
    with sandbox.SandboxProcess(sandbox.SandboxConfig(scenes=shipped_scenes())) as provider:
        return massgen(
            folder,
            command_of(page),
            {**files_of(page.removeprefix("task-")), **files},
            GEMINI_API_KEY="none",
            GOOGLE_GEMINI_BASE_URL=provider.url,
            PATH=f"{running.server().tools}:{SCRIPTS}:{FILE_TOOLS}:/usr/local/bin:/usr/bin:/bin",
        )


@pytest.mark.e2e
def test_three_agents_deliver_a_script_that_passes_its_tests_and_a_right_report(tmp_path):
    ended = follow("task-measurements", tmp_path)
    assert "WINNER: sceptic" in ended.text
    [workspace] = {path.parent for path in ended.logged("attempt_1/final/sceptic/workspace/report.md")}
    assert {path.name for path in workspace.iterdir()} == {"report.md", "summarise.py", "test_summarise.py"}
    command = [sys.executable, "-B", "-m", "unittest"]
    tested = subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=False)
    assert "Ran 2 tests" in tested.stderr
    assert tested.returncode == 0
    report = (workspace / "report.md").read_text("utf-8")
    assert dict(re.findall(r"^\| (\w+) \| ([\d.]+) \|$", report, re.MULTILINE)) == right_means()


def right_means() -> dict[str, str]:
    """Calculated here anew; the attic's sensor is the one in Fahrenheit."""
    with (CASES / "measurements/data/measurements.csv").open(newline="", encoding="utf-8") as file:
        rows = [
            (row["sensor"], float(row["temperature"])) for row in csv.DictReader(file) if row["temperature"]
        ]
    means = {}
    for sensor in {sensor for sensor, _ in rows}:
        found = [value for name, value in rows if name == sensor]
        mean = sum(found) / len(found)
        means[sensor] = f"{(mean - 32) * 5 / 9 if sensor == 'attic' else mean:.1f}"
    return means


@pytest.mark.e2e
def test_two_agents_write_a_document_into_the_project(tmp_path):
    ended = follow("task-release-notes", tmp_path, **{"docs/.gitkeep": ""})
    assert "WINNER: upgrader" in ended.text
    written = (ended.project / "docs/release-2.4.md").read_text("utf-8")
    assert words(written) == words("\n".join(result("release-notes")["excerpts"]["release-2.4.md"]))
    find_words = runpy.run_path(str(CASES / "release-notes/style_server.py"))["find_words"]
    assert getattr(find_words, "fn", find_words)(written) == "nothing to change"


def result(case: str) -> dict[str, dict[str, list[str]]]:
    """What the page shows."""
    return json.loads((CASES / case / "result.json").read_text("utf-8"))


def test_the_figures_that_agents_and_pages_write_are_those_of_the_measurements():
    [scene] = [scene for scene in shipped_scenes() if scene.question.startswith("Summarise")]
    means = right_means()
    for text in (scene.answers[1], scene.final):
        assert [f"{sensor} {mean}" for sensor, mean in means.items() if f"{sensor} {mean}" not in text] == []
    report = "\n".join(result("measurements")["excerpts"]["report.md"])
    assert [mean for mean in means.values() if mean not in report] == []


@pytest.mark.parametrize("case", ["measurements", "release-notes"])
def test_no_call_was_refused_and_the_page_says_who_won(case):
    figures = result(case)["figures"]
    assert figures["run.refused"] == 0
    page = (DOCS / f"learn/task-{case}.mdx").read_text("utf-8")
    assert f"WINNER: {figures['run.winner']}" in page
    reasons = re.findall(r"reason was \*(.+?)\*", page)
    votes = [role.vote.reason for scene in shipped_scenes() for role in scene.roles]
    assert reasons
    assert set(reasons) <= set(votes)


def test_a_tool_server_has_thirty_seconds_to_be_there():
    text = inspect.getsource(host.module("massgen.mcp_tools.client"))
    assert "wait_for(server_client.connected_event.wait(), timeout=30.0)" in text
