"""Agents in programs of their own, the real ones: request by request under the limits of all others.

What is missing fails: `make programs` installs what MassGen's dependencies do not bring.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from backends import BACKENDS, BackendTeam
from figures import note
from harness import QUESTION
from programs import FILES, FOLDER, PROGRAMS

from massgen_plugins.calls.query import Record
from massgen_plugins.sandbox import SandboxProcess
from massgen_plugins.sandbox.schedule import quickest

ASKED = f"{QUESTION}\nSANDBOX: write new_answer vote"
"""On a busy machine the servers with MassGen's own tools start too late for Codex: then moves are written."""

LIMITED_COPILOT = Path(__file__).with_name("limited_copilot.py")

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != "copilot"])
def test_two_agents_are_never_refused(folder, name):
    program = PROGRAMS[name]
    with SandboxProcess(program.config()) as server, program.user(folder, server.url) as user:
        block = {
            **program.declare(user),
            "gateway": "plans",
            "budget": {"day": 100, "unknown_price": "allow"},
        }
        result = user.run(program.team(2, rate_limit=block), question=ASKED)
        report = server.report()
    note(f"{name}, two agents", report, result.completed, quickest(report))
    assert report.refused == 0
    assert any("of the sandbox" in text for text in result.answers.values())
    assert quickest(report).waits  # the limit did bind
    _keeps_secrets(result, program)
    _is_recorded_and_paid(user, len(report.requests))


def test_a_team_of_programs_and_others_shares_its_keys(folder):
    program = PROGRAMS["claude_code"]
    with SandboxProcess(program.config()) as server, program.user(folder, server.url) as user:
        user.environment.update(
            BACKENDS["claude"].environment(server.url), ANTHROPIC_API_KEY="sk-ant-api03-secret"
        )
        user.environment.update(BACKENDS["openai"].environment(server.url))
        user.environment["ANTHROPIC_BASE_URL"] = server.url
        agents = {
            **program.team(1).agents,
            "b": {"type": "claude", "model": program.model},
            "c": BACKENDS["openai"].block(server.url),
        }
        block = program.declare(user)
        result = user.run(BackendTeam(agents, rate_limit=block, more=FILES))
        report = server.report()
    note("claude_code + claude + openai", report, result.completed, quickest(report))
    assert {record.endpoint for record in report.requests} == {"messages", "responses"}
    assert len({record.project for record in report.requests if record.endpoint == "messages"}) == 1
    assert report.refused == 0
    assert result.answers


def test_copilot_is_never_refused(folder):
    """Without MassGen: 0.1.97 cannot make a session with the SDK that pip installs."""
    program = PROGRAMS["copilot"]
    with SandboxProcess(program.config()) as server, program.user(folder, server.url) as user:
        program.declare(user)
        with user.command("python", str(LIMITED_COPILOT), server.url, "5") as run:
            code = run.wait(200)
        report = server.report()
    assert code == 0, run.stderr.text
    assert run.stdout.text.count("of the sandbox") == 5
    assert (report.refused, len(report.requests)) == (0, 5)
    assert quickest(report).waits


def test_a_plan_is_left_alone_until_it_is_asked_for(folder):
    program = PROGRAMS["claude_code, a plan"]
    with SandboxProcess(program.config(requests=1_000)) as server, program.user(folder, server.url) as user:
        result = user.run(program.team(1))
    said = "agent a0 (claude_code) logs in with a plan"
    assert (result.stdout + result.stderr).count(said) == 1
    assert not user.pools()
    assert result.answers


def _is_recorded_and_paid(user, requests):
    """The record of calls and the budget of the day know them like any others."""
    record = Record(user.store.with_name("calls.sqlite3"))
    agents = {each.key["agent"]: each for each in record.totals(by=("agent",))}
    assert set(agents) == {"a0", "a1"}
    assert sum(each.answered for each in agents.values()) == requests
    cost = sum(each.cost for each in agents.values())
    with user.command("massgen-rl", "budget", "show", "--json") as command:
        assert command.wait(120) == 0, command.stderr.text
        rows = json.loads(command.stdout.text)["budgets"]
    day = next(row for row in rows if row["name"] == "day")
    assert cost > 0
    assert day["spent"] == pytest.approx(float(cost) / 1e6, abs=1e-5)


def _keeps_secrets(result, program):
    """No key and no token in what MassGen, the program or we have written."""
    secrets = [value for value in program.environment.values() if value.endswith("secret")]
    ours = [*result.user.project.rglob("*"), *result.user.store.parent.rglob("*")]
    files = [file for file in ours if file.is_file() and file.name != "auth.json"]  # MassGen's own copy
    written = {file: file.read_bytes() for file in files}
    for secret in secrets:
        assert secret not in result.stdout + result.stderr
        assert not [file for file, text in written.items() if secret.encode() in text]


def test_the_programs_are_there():
    assert {"codex", "copilot", "gemini"} <= {file.name for file in FOLDER.iterdir()}
