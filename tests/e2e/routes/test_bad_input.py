"""Wrong input: one sentence of ours, no traceback, and not one request leaves."""

from __future__ import annotations

import pytest
import yaml
from harness import FLASH, QUESTION, Team

pytestmark = pytest.mark.e2e


def refused(user, server, team, *arguments):
    """What MassGen prints of our sentence; it must be all that there is."""
    path = user.write("team.yaml", yaml.safe_dump(team))
    with user.command(
        "massgen", "--automation", "--config", str(path), *arguments, QUESTION, forked=user.forks
    ) as run:
        result = run.finish(300)
    assert result.exit_code != 0
    assert server.report().arrived == 0
    assert "Traceback" not in result.stdout + result.stderr
    lines = [line for line in result.stderr.splitlines() if "massgen-plugins" in line]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("❌ Configuration error: massgen-plugins: ")
    return lines[0]


@pytest.mark.usefixtures("forks")
def test_a_switch_that_is_a_string(user, server):
    backend = {"type": "gemini", "model": FLASH, "enable_rate_limit": "false"}
    said = refused(user, server, {"agents": [{"id": "a0", "backend": backend}]})
    assert "a0" in said
    assert "enable_rate_limit" in said
    assert "without quotes" in said


@pytest.mark.usefixtures("forks")
def test_a_wrong_settings_block(user, server):
    said = refused(user, server, Team.of(1, rate_limit={"max_weight": 3}).document())
    assert "max_weight" in said
    assert "max_wait" in said


def test_a_wrong_environment_variable(user, server):
    user.environment["MASSGEN_RATE_LIMIT"] = "perhaps"
    said = refused(user, server, Team.of(1, switch=None).document())
    assert "MASSGEN_RATE_LIMIT" in said
    assert "perhaps" in said


@pytest.mark.usefixtures("forks")
def test_a_model_that_no_profile_covers(user, server):
    (user.config_dir / "rate_limit.yaml").write_text("disabled: [gemini-seed]\n", encoding="utf-8")
    said = refused(user, server, Team.of(1).document())
    assert "gemini" in said
    assert "massgen-rl profiles" in said
