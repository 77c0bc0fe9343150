"""The routes of the ``massgen`` command that run one question."""

from __future__ import annotations

import json

import pytest
import yaml
from child import tool_servers
from evidence import assert_all_admitted, assert_none_admitted
from harness import FLASH, QUESTION, Team

pytestmark = pytest.mark.e2e

BACKEND = {"type": "gemini", "model": FLASH}
PLAN = {
    "plan_id": "one",
    "created_at": "2026-11-23T09:00:00",
    "planning_session_id": "s",
    "planning_log_dir": ".massgen",
    "status": "ready",
}
ON = {**BACKEND, "enable_rate_limit": True}


def config(user, document):
    return str(user.write("massgen.yaml", yaml.safe_dump(document)))


def massgen(user, *arguments, within=180):
    with user.command("massgen", *arguments, forked=user.forks) as run:
        return run.finish(within)


@pytest.mark.usefixtures("forks")
def test_a_single_agent(user, server):
    path = config(user, {"agent": {"id": "solo", "backend": ON}})
    result = massgen(user, "--automation", "--config", path, QUESTION)
    assert result.exit_code == 0
    assert_all_admitted(user, server)


def test_a_team(user, server):
    assert user.run(Team.of(2)).exit_code == 0
    assert assert_all_admitted(user, server) >= 3


@pytest.mark.usefixtures("forks")
def test_agents_that_share_one_backend_by_a_yaml_anchor(user, server):
    text = (
        f"agents:\n- id: one\n  backend: &shared {{type: gemini, model: {FLASH}, enable_rate_limit: true}}\n"
        "- id: two\n  backend: *shared\n"
    )
    path = str(user.write("massgen.yaml", text))
    assert massgen(user, "--automation", "--config", path, QUESTION).exit_code == 0
    assert_all_admitted(user, server)


@pytest.mark.usefixtures("forks")
def test_step_mode_which_makes_its_agents_twice(user, server):
    path = config(user, {"agents": [{"id": "a0", "backend": ON}]})
    steps = user.project / "steps"
    steps.mkdir()
    result = massgen(user, "--step", "--session-dir", str(steps), "--config", path, QUESTION)
    assert result.exit_code == 0
    assert_all_admitted(user, server)


@pytest.mark.usefixtures("forks")
def test_planning(user, server):
    result = user.run(Team.of(1), "--plan", "--plan-depth", "shallow")
    assert result.exit_code == 0
    assert_all_admitted(user, server)


@pytest.mark.usefixtures("forks")
def test_the_execution_of_a_plan(user, server):
    plan = user.project / ".massgen" / "plans" / "plan_one"
    (plan / "frozen").mkdir(parents=True)
    tasks = [{"id": "t1", "description": "Add two and two.", "chunk": "c1", "status": "pending"}]
    (plan / "frozen" / "plan.json").write_text(json.dumps({"tasks": tasks}), encoding="utf-8")
    (plan / "plan_metadata.json").write_text(json.dumps(PLAN), encoding="utf-8")
    user.environment["PATH"] = f"{tool_servers()}:{user.environment['PATH']}"
    team = Team.of(1).document()
    team["agents"][0]["backend"]["cwd"] = "workspace1"
    team["orchestrator"] = {"snapshot_storage": "snapshots", "agent_temporary_workspace": "temp"}
    massgen(user, "--automation", "--config", config(user, team), "--execute-plan", "one", QUESTION)
    assert_all_admitted(user, server)  # the sandbox answers without doing the tasks, so MassGen gives up


def test_quick_mode_with_the_flag(user, server):
    result = massgen(user, "--automation", "--backend", "gemini", "--model", FLASH, "--rate-limit", QUESTION)
    assert result.exit_code == 0
    assert_all_admitted(user, server)


def test_quick_mode_with_the_environment(user, server):
    user.environment["MASSGEN_RATE_LIMIT"] = "1"
    result = massgen(user, "--automation", "--backend", "gemini", "--model", FLASH, QUESTION)
    assert result.exit_code == 0
    assert_all_admitted(user, server)


def test_quick_mode_with_massgens_own_env_file(user, server):
    file = user.home / ".massgen" / ".env"
    file.parent.mkdir()
    file.write_text("MASSGEN_RATE_LIMIT=1\n", encoding="utf-8")
    result = massgen(user, "--automation", "--backend", "gemini", "--model", FLASH, QUESTION)
    assert result.exit_code == 0
    assert_all_admitted(user, server)


def test_the_flag_switches_on_a_team_whose_yaml_is_silent(user, server):
    assert user.run(Team.of(2, switch=None), "--rate-limit").exit_code == 0
    assert_all_admitted(user, server)


@pytest.mark.usefixtures("forks")
def test_the_environment_wins_over_the_yaml_and_the_flag(user, server):
    user.environment["MASSGEN_RATE_LIMIT"] = "0"
    assert user.run(Team.of(1), "--rate-limit").exit_code == 0
    assert_none_admitted(user, server)


def test_nothing_is_there_when_nothing_is_switched_on(user, server):
    before = set(user.home.rglob("*"))
    result = user.run(Team.of(1, switch=False))
    assert result.exit_code == 0
    assert_none_admitted(user, server)
    assert not [new for new in set(user.home.rglob("*")) - before if "plugins" in str(new)]
    assert "massgen-plugins" not in result.stdout + result.stderr + result.log
