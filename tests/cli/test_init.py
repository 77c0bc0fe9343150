"""``massgen-rl init``: what it finds, asks and writes; the proof itself runs the real MassGen, once."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import yaml

from massgen_plugins.cli import init as module
from massgen_plugins.cli.checks import seams
from massgen_plugins.cli.checks.finding import fail, ok
from massgen_plugins.cli.team_switch import Team
from massgen_plugins.demo import proof
from massgen_plugins.demo.proof import Proof
from massgen_plugins.errors import HostMismatch

TEAM = """\
# my team
agents:
  - id: one
    backend:
      type: gemini   # Google
      model: gemini-2.5-flash
  - id: two
    backend: {type: openai, model: gpt-5}
  - id: three
    backend:
      type: gemini
      model: gemini-2.5-pro
      enable_rate_limit: false
ui: {display_type: simple}
"""
AFTER = """\
# my team
agents:
  - id: one
    backend:
      type: gemini   # Google
      enable_rate_limit: true
      model: gemini-2.5-flash
  - id: two
    backend: {enable_rate_limit: true, type: openai, model: gpt-5}
  - id: three
    backend:
      type: gemini
      model: gemini-2.5-pro
      enable_rate_limit: false
ui: {display_type: simple}
"""


@pytest.fixture(autouse=True)
def host(monkeypatch):
    """A MassGen that starts, and a proof that succeeds."""
    monkeypatch.setattr("massgen_plugins.cli.installed_host.require_host", lambda: "0.1.97")
    monkeypatch.setattr(seams, "check_attachment", lambda: ok("attachment", "fine"))
    monkeypatch.setattr(proof, "prove", lambda: Proof(3, 0, (0.1, 0.2, 3.1)))


@pytest.fixture
def team():
    path = Path("team.yaml")
    path.write_text(TEAM)
    return path


def test_the_switch_goes_into_every_backend_and_all_else_stays(rl, team):
    ran = rl("init", "--yes")
    assert ran.code == 0
    assert team.read_text() == AFTER
    assert "+      enable_rate_limit: true" in ran.out
    assert "1 of its agents say enable_rate_limit: false" in ran.out
    assert "limited, 0 refused" in ran.out
    assert "massgen --config team.yaml" in ran.out


def test_a_second_time_there_is_nothing_to_change(rl, team):
    rl("init", "--yes")
    assert "nothing to change" in rl("init", "--yes").out
    assert team.read_text() == AFTER


def test_a_dry_run_shows_the_same_and_writes_nothing(rl, team, settings_file, monkeypatch):
    monkeypatch.setattr(proof, "prove", lambda: pytest.fail("not in a dry run"))
    ran = rl("init", "--dry-run", "--tier", "gemini-tier1")
    assert ran.code == 0
    assert "+      enable_rate_limit: true" in ran.out
    assert "gemini-tier1 would be used" in ran.out
    assert team.read_text() == TEAM
    assert not settings_file.exists()


def test_without_a_terminal_nothing_is_written_unless_it_is_said(rl, team):
    ran = rl("init")
    assert ran.code == 2
    assert "--yes" in ran.err
    assert team.read_text() == TEAM


def test_the_tier_of_each_provider_is_taken(rl, team, settings_file):
    ran = rl("init", "--yes", "--tier", "gemini-tier1", "--tier", "openai-tier2")
    assert "gemini: gemini-tier1 is in use" in ran.out
    assert "openai: openai-tier2 is in use" in ran.out
    assert yaml.safe_load(settings_file.read_text())["profile"] == {
        "gemini": "gemini-tier1",
        "openai": "openai-tier2",
    }


def test_without_a_tier_what_holds_stays_and_the_others_are_named(rl, team, settings_file):
    ran = rl("init", "--yes")
    assert "gemini: gemini-seed. Others: gemini-free, gemini-tier1" in ran.out
    assert "openai: no profile, limits are learned" in ran.out
    assert not settings_file.exists()


def test_settings_that_a_run_refuses_are_refused_here_too(rl, team, settings_file):
    settings_file.parent.mkdir(parents=True, exist_ok=True)
    settings_file.write_text("rate_limit: {max_wiat: 3}")
    ran = rl("init", "--yes")
    assert ran.code == 2
    assert "max_wiat" in ran.err
    assert team.read_text() == TEAM


@pytest.mark.parametrize("name", ["my team.yaml", "it's.yaml", "$(x).yaml", "t\u00fc.yaml"])
def test_the_command_that_it_prints_works_in_a_shell(rl, name):
    Path(name).write_text(TEAM)
    for options, before in ((("--dry-run",), "massgen-rl init "), (("--yes",), "massgen --config ")):
        [line] = [each for each in rl("init", name, *options).out.splitlines() if each.startswith("Next:")]
        assert shlex.split(line.partition(before)[2])[0] == name


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        (".massgen/.env", "GEMINI_API_KEY=abc\n", "GEMINI_API_KEY in ~/.massgen/.env"),
        (".massgen/.env", "# GEMINI_API_KEY=abc\n", "none found"),
        (".massgen/.env", "GEMINI_API_KEY=\n", "none found"),
        ("nowhere", "", "none found"),
    ],
)
def test_a_key_is_named_by_its_place_and_never_shown(rl, home, file, text, found):
    Path("team.yaml").write_text(TEAM)
    (home / file).parent.mkdir(exist_ok=True)
    (home / file).write_text(text)
    out = rl("init", "--yes").out
    assert f"gemini: {found}" in out
    assert "abc" not in out


def test_a_key_in_the_environment_comes_first(rl, team, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    out = rl("init", "--yes").out
    assert "openai: OPENAI_API_KEY in the environment" in out
    assert "sk-secret" not in out


def test_without_a_team_the_rest_is_done(rl):
    ran = rl("init", "--yes")
    assert ran.code == 0
    assert "name it" in ran.out
    assert "Proof" in ran.out


def test_of_two_teams_none_is_taken(rl, team):
    Path("other.yaml").write_text(TEAM)
    assert "name it" in rl("init", "--yes").out
    assert team.read_text() == TEAM
    assert rl("init", "other.yaml", "--yes").code == 0
    assert Path("other.yaml").read_text() == AFTER


@pytest.mark.parametrize("text", ["", "[]", "agents: [", "agents: []", "agents: [{id: a}]", "agents: 7"])
def test_what_is_no_team_is_one_sentence(rl, text):
    Path("team.yaml").write_text(text)
    ran = rl("init", "team.yaml", "--yes")
    assert ran.code == 2
    assert "team.yaml" in ran.err
    assert Path("team.yaml").read_text() == text


@pytest.mark.parametrize(
    "text",
    [
        "agent: {backend: {type: gemini, model: m}}\n",
        "agents:\n- backend:\n    model: m\n    type: gemini",
        "agents:\n- backend:\n    options: {a: 1}\n    type: gemini\n",
        "shared: &b {type: gemini, model: m}\nagents: [{id: a, backend: *b}, {id: b, backend: *b}]\n",
        "agents:\n- id: a\n  backend:\n    type: 'gemini' # x\n    notes: |\n      enable_rate_limit: true\n",
    ],
)
def test_other_layouts_are_switched_on_too(text):
    Path("team.yaml").write_text(text)
    config = yaml.safe_load(Team(Path("team.yaml")).after)
    agents = config.get("agents") or [config["agent"]]
    assert all(agent["backend"]["enable_rate_limit"] is True for agent in agents)


def test_without_massgen_it_says_how_to_get_it(rl, monkeypatch):
    def missing():
        raise HostMismatch("There is no MassGen in this environment; run `pip install x`.")

    monkeypatch.setattr("massgen_plugins.cli.installed_host.require_host", missing)
    ran = rl("init")
    assert (ran.code, ran.out) == (127, "")
    assert "pip install" in ran.err


def test_a_massgen_that_does_not_start_ends_it_with_the_cure(rl, team, monkeypatch):
    broken = fail("attachment", "MassGen cannot be imported: mcp 2.3.0 is in the way", "run `pip install x`")
    monkeypatch.setattr(seams, "check_attachment", lambda: broken)
    ran = rl("init", "--yes")
    assert ran.code == 1
    assert "run `pip install x`" in ran.err
    assert team.read_text() == TEAM


@pytest.mark.parametrize(
    "result", [Proof(3, 1, (0.1, 0.2, 3.1)), Proof(3, 0, (0.1, 0.2, 0.3)), Proof(2, 0, (0.1, 3.0))]
)
def test_a_proof_that_fails_is_no_success(rl, monkeypatch, result):
    monkeypatch.setattr(proof, "prove", lambda: result)
    ran = rl("init", "--yes")
    assert ran.code == 1
    assert "NOT limited" in ran.out


def test_on_a_terminal_it_asks(rl, team, monkeypatch, settings_file):
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(module.sys, "stdin", Terminal())
    monkeypatch.setattr(
        module.typer, "prompt", lambda *_, default, **__: "gemini-tier1" if "seed" in default else default
    )
    monkeypatch.setattr(module.typer, "confirm", lambda *_, **__: False)
    module.init(team, None, proof=False)
    assert team.read_text() == TEAM
    assert "gemini-tier1" in settings_file.read_text()
    monkeypatch.setattr(module.typer, "confirm", lambda *_, **__: True)
    module.init(team, None, proof=False)
    assert team.read_text() == AFTER
