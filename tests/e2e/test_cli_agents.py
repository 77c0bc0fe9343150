"""Agents in programs of their own, the real ones: request by request under the limits of all others.

What is missing fails: `make programs` installs what MassGen's dependencies do not bring.
"""

from __future__ import annotations

import json
import re
import stat
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from figures import note
from harness import QUESTION
from programs import FOLDER, PROGRAMS
from teams import TEAMS

from massgen_plugins.calls.query import Record
from massgen_plugins.sandbox import SandboxProcess
from massgen_plugins.sandbox.schedule import quickest

pytestmark = pytest.mark.e2e

REQUESTS, SECONDS = 5, 15
ALONE = [name for name, team in TEAMS.items() if not team.others]
ENTRANCE = re.compile(rb"http://127\.0\.0\.1:\d+/[\w-]{32}")
"""A gateway's base URL, with the secret path."""

ANSWER = "of the sandbox"
_OF_OTHERS = {"auth.json"}
"""MassGen's own copy of Codex's login."""

_watch_lock = threading.Lock()
_watching: list[set[bytes]] = []


@pytest.mark.parametrize("name", ALONE)
def test_two_agents_are_never_refused(folder, name):
    with command_lines() as seen:
        budget = {"day": 100, "unknown_price": "allow"}
        outcome = TEAMS[name].run(folder, REQUESTS, SECONDS, on=True, budget=budget)
    report = outcome.report
    note(f"{name}, two agents", report, outcome.took, quickest(report))
    assert report.refused == 0
    assert ANSWER in outcome.final
    assert quickest(report).waits  # the limit did bind
    secrets = [each for each in TEAMS[name].program.environment.values() if each.endswith("secret")]
    keeps_secrets(outcome.result, secrets, seen)
    is_recorded_and_paid(outcome.result.user, report.arrived)


def test_a_team_of_programs_and_others_shares_its_keys(folder):
    outcome = TEAMS["claude_code + claude + openai"].run(folder, REQUESTS, SECONDS, on=True)
    report = outcome.report
    note("claude_code + claude + openai", report, outcome.took, quickest(report))
    assert {record.endpoint for record in report.requests} == {"messages", "responses"}
    assert len({record.project for record in report.requests if record.endpoint == "messages"}) == 1
    assert report.refused == 0
    assert ANSWER in outcome.final


def test_without_limits_a_plans_team_is_refused(folder):
    """And ends with "API Error: Rate limit reached" for an answer, if it is the last agent that gives up."""
    outcome = TEAMS["claude_code, a plan"].run(folder, REQUESTS, SECONDS, on=False)
    note("claude_code, a plan, without limits", outcome.report, outcome.took)
    assert outcome.report.refused > 0


def test_a_plan_is_left_alone_until_it_is_asked_for(folder):
    program = PROGRAMS["claude_code, a plan"]
    with SandboxProcess(program.config(requests=1_000)) as server, program.user(folder, server.url) as user:
        result = user.run(program.team(1))
    said = "agent a0 (claude_code) logs in with a plan"
    assert (result.stdout + result.stderr).count(said) == 1
    assert not user.pools()
    assert result.answers


def test_the_programs_are_there():
    assert {"codex", "gemini"} <= {file.name for file in FOLDER.iterdir()}


def is_recorded_and_paid(user, requests):
    """The record of calls and the budget of the day know them like any others."""
    record = Record(user.store.with_name("calls.sqlite3"))
    agents = {each.key["agent"]: each for each in record.totals(by=("agent",))}
    assert set(agents) == {"a0", "a1"}
    assert sum(each.calls for each in agents.values()) == requests  # a program may cut its last one
    cost = sum(each.cost for each in agents.values())
    with user.command("massgen-rl", "budget", "show", "--json") as command:
        assert command.wait(120) == 0, command.stderr.text
        rows = json.loads(command.stdout.text)["budgets"]
    day = next(row for row in rows if row["name"] == "day")
    assert cost > 0 or sum(each.unknown for each in agents.values()) == requests  # Copilot names no price
    assert day["spent"] == pytest.approx(float(cost) / 1e6, abs=requests * 1e-6)  # each is rounded up


def keeps_secrets(result, secrets, command_lines):
    """No key and no token in what anybody has written, no prompt and no answer in what we have written.

    The path that leads into the gateway is worth nothing any more, and yet nobody else may read it.
    """
    ours = _contents(result.user.store.parent)
    written = {**ours, **_contents(result.user.project)}
    for secret in (secret.encode() for secret in secrets):
        assert secret not in (result.stdout + result.stderr).encode()
        assert not [file for file, text in written.items() if secret in text]
        assert not [line for line in command_lines if secret in line]
    for text in (QUESTION.encode(), ANSWER.encode()):
        assert not [file for file, content in ours.items() if text in content]
    assert not [file for file in ours if stat.S_IMODE(file.stat().st_mode) & 0o077]
    told = [file for file, text in written.items() if ENTRANCE.search(text)]
    assert not [file for file in told if stat.S_IMODE(file.stat().st_mode) & 0o077]
    assert not [line for line in command_lines if ENTRANCE.search(line)]


def _contents(folder):
    files = [file for file in folder.rglob("*") if file.is_file() and file.name not in _OF_OTHERS]
    return {file: file.read_bytes() for file in files}


@contextmanager
def command_lines():
    """Command lines and titles of all processes that are seen meanwhile."""
    seen = set()
    with _watch_lock:
        _watching.append(seen)
        if len(_watching) == 1:
            threading.Thread(target=_watch, daemon=True).start()
    try:
        yield seen
    finally:
        with _watch_lock:
            _watching[:] = [each for each in _watching if each is not seen]


def _watch():
    """One look for all tests that run side by side, until none of them watches any more."""
    while True:
        lines = set(_lines_now())
        with _watch_lock:
            if not _watching:
                return
            for seen in _watching:
                seen.update(lines)
        time.sleep(0.2)


def _lines_now():
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "comm"):
            try:
                yield (process / name).read_bytes()
            except OSError:  # it has ended
                continue
