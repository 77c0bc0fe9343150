"""Templates are valid and cost what they say; search order and blind spots are as /configure/* describes."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import pytest
import yaml

from massgen_plugins import sandbox

from .checks import host
from .checks.places import ROOT
from .checks.strict_config import complaints
from .massgen_run import massgen

TEMPLATES = sorted((ROOT / "website" / "static" / "templates").glob("*.yaml"))
PAGE = (ROOT / "website" / "docs" / "configure" / "templates.mdx").read_text(encoding="utf-8")
GEMINI = {"type": "gemini", "model": "gemini-2.5-flash"}
# The fewest requests that a run can take, and the most that were seen here; a model adds to them.
REQUESTS = {
    "single": (3, 3),
    "pair": (5, 7),
    "trio": (7, 10),
    "local-only": (5, 6),
    "research": (7, 10),
    "writing": (4, 4),
    "review-panel": (9, 9),
    "ci": (5, 5),
    "decomposition": (7, 8),
    "budgeted": (6, 6),
}


def named(name):
    return next(file for file in TEMPLATES if file.stem == name)


# --- templates


def test_there_are_at_least_twelve_and_the_page_shows_each():
    assert len(TEMPLATES) >= 12
    shown = set(re.findall(r'<Template name="([\w-]+)" />', PAGE))
    assert shown | {"first-team"} == {file.stem for file in TEMPLATES}  # the tutorial shows that one
    assert all(f"[{name}](#{name})" in PAGE for name in shown)
    assert "[first-team](/start/first-team" in PAGE


def test_the_templates_that_the_front_page_offers_exist():
    goals = json.loads((ROOT / "website" / "src" / "data" / "home.json").read_text(encoding="utf-8"))["goals"]
    assert {goal["template"] for goal in goals} - {""} <= {file.stem for file in TEMPLATES}


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.stem)
def test_a_template_passes_the_validator_and_the_stricter_check(file):
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert host.findings(config) == []
    assert complaints(config, custom_model=file.stem == "local-only") == []


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.stem)
def test_its_head_says_what_it_is_for_costs_needs_and_leaves_to_you(file):
    head = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert head[0].startswith(f"# {file.name}: ")
    words = {match[1] for line in head if (match := re.match(r"# (\w+):", line))}
    assert {"For", "Costs", "Change"} <= words
    assert words & {"Key", "Keys"}


@pytest.mark.e2e
@pytest.mark.parametrize("name", REQUESTS)
def test_a_template_runs_and_takes_the_requests_that_the_page_says(tmp_path, name):
    least, most = REQUESTS[name]
    with sandbox.SandboxProcess(sandbox.SandboxConfig(network=sandbox.Network(latency=0.1))) as server:
        text = named(name).read_text(encoding="utf-8").replace("http://localhost:8000", server.url)
        around = {"GEMINI_API_KEY": "k", "GOOGLE_GEMINI_BASE_URL": server.url}
        ended = massgen(tmp_path, '--automation --config t.yaml "What is 2+2?"', {"t.yaml": text}, **around)
        report = server.report()
    assert "\nANSWER: " in ended.text
    assert least <= report.arrived <= most
    assert report.refused == 0


# --- which file is taken


@pytest.fixture
def resolve(tmp_path, monkeypatch):
    """``resolve(argument, files...)``: the file that MassGen takes, below the user's two folders."""
    project, home = tmp_path / "project", tmp_path / "home"
    project.mkdir()
    home.mkdir()
    monkeypatch.chdir(project)
    monkeypatch.setenv("HOME", str(home))
    loading = host.module("massgen.cli.config_loading")

    def ask(argument, *files):
        for name in files:
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("agents: []\n")
        found = loading.resolve_config_path(argument)
        return found and (project / found).relative_to(tmp_path).as_posix()

    return ask


def test_without_config_the_projects_file_wins_over_the_users(resolve):
    assert resolve(None) is None
    assert resolve(None, "home/.config/massgen/config.yaml") == "home/.config/massgen/config.yaml"
    assert resolve(None, "project/.massgen/config.yaml") == "project/.massgen/config.yaml"


def test_a_name_is_a_path_first_and_a_team_of_the_user_second(resolve):
    team = "home/.config/massgen/agents/team.yaml"
    assert resolve("team", team) == resolve("team.yaml") == team
    assert resolve("team.yaml", "project/team.yaml") == "project/team.yaml"
    assert resolve("team") == team


def test_a_folder_of_that_name_hides_the_team(resolve):
    resolve("team", "home/.config/massgen/agents/team.yaml")
    assert resolve("team", "project/team/x.yaml") == "project/team"


def test_an_example_is_the_first_file_whose_path_contains_the_name():
    loading = host.module("massgen.cli.config_loading")
    assert loading.resolve_config_path("@examples/massgen")  # each path contains it
    with pytest.raises(loading.ConfigurationError):
        loading.resolve_config_path("@examples/basic_multi_three_agents_default")
    found = loading.resolve_config_path("@examples/basic/multi/three_agents_default.yaml")
    assert found.name == "three_agents_default.yaml"


def test_a_run_without_any_configuration_says_so(tmp_path):
    ended = massgen(tmp_path, '--automation "What is 2+2?"')
    assert "No default configuration found." in ended.text
    assert ended.code == 1


def test_single_agent_takes_the_question_for_a_name():
    parser = argparse.ArgumentParser()
    parser.add_argument("question", nargs="?")
    host.module("massgen.cli.mode_flags").add_mode_flags_to_parser(parser)
    assert parser.parse_args(["--single-agent", "What?"]).question is None
    assert parser.parse_args(["--single-agent=a", "What?"]).question == "What?"
    assert parser.parse_args(["--single-agent", "--quick", "What?"]).question == "What?"


def test_variables_are_replaced_in_strings_and_missing_ones_stay(tmp_path, monkeypatch):
    monkeypatch.setenv("TEAM_MODEL", "gemini-2.5-pro")
    file = tmp_path / "team.yaml"
    file.write_text("model: ${TEAM_MODEL}\nother: ${NOT_SET}\nid: first\nid: second\n")
    config, raw = host.module("massgen.cli.config_loading").load_config_file(str(file))
    assert config == {"model": "gemini-2.5-pro", "other": "${NOT_SET}", "id": "second"}
    assert raw["model"] == "${TEAM_MODEL}"


# --- what the validator misses


def team(backend=None, agent=None, **top):
    entry = {"id": "a", "backend": {**GEMINI, **(backend or {})}, **(agent or {})}
    return {"agents": [entry], **top}


BLIND = {
    "top level": team(orchestrater={}),
    "agent": team(agent={"systm_message": "x"}),
    "backend": team({"temprature": 0.2}),
    "ui": team(ui={"display_typ": "simple"}),
    "memory": team(memory={"enabld": True}),
    "model": team({"model": "gemini-9-ultra"}),
    "key": team({"api_key": "placeholder"}),
    "type without backend": team({"type": "uitars", "model": "ui-tars-1.5"}),
    "no address": team({"type": "zai", "model": "glm-4.5"}),
    "address of gemini": team({"base_url": "https://example.org"}),
    "timeout in the wrong place": team(orchestrator={"timeout": {"orchestrator_timeout_seconds": 60}}),
    "threshold": team(orchestrator={"voting_threshold": 99}),
    "threshold as text": team(orchestrator={"voting_threshold": "3"}),
    "voting at the top": team(voting_sensitivity="strict"),
    "subtask": team(agent={"subtask": "x"}),
    "presenter": team(orchestrator={"presenter_agent": "ghost"}),
    "broadcast": team(orchestrator={"coordination": {"broadcast": "everyone"}}),
    "personas": team(orchestrator={"coordination": {"persona_generator": {"diversity_mode": "wild"}}}),
    "switch as text": team({"enable_rate_limit": "yes"}),
    "variable": team({"model": "${NOT_SET}"}),
    "path": team(orchestrator={"context_paths": [{"path": "/no/such"}]}),
    "no agents": {"agents": []},
    "limits": team(rate_limit={"nonsense": 1}),
}


@pytest.mark.parametrize("fault", BLIND)
def test_the_validator_does_not_see(fault):
    assert host.findings(BLIND[fault]) == []


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (team(orchestrator={"voting_sensitivty": "strict"}), "Unknown orchestrator config key"),
        (team(orchestrator={"coordination": {"enable_planing": True}}), "Unknown coordination config key"),
        (team(timeout_settings={"orchestrator_timeout": 5}), "Unknown timeout_settings key"),
        (team({"system_prompt": "x"}), "'system_prompt' in backend config is not supported"),
        (team(max_rounds=3), "V1 config format detected"),
        ({"agents": {"id": "a"}}, "'agents' must be a list, got dict"),
    ],
)
def test_the_validator_sees(config, message):
    assert any(message in finding for finding in host.findings(config))


def test_a_misspelt_backend_key_ends_without_an_answer_and_with_code_0(tmp_path):
    files = {"t.yaml": yaml.safe_dump(team({"temprature": 0.2}))}
    ended = massgen(tmp_path, '--automation --config t.yaml "Hello"', files, GEMINI_API_KEY="k")
    assert "Extra inputs are not permitted" in ended.text
    assert "\nANSWER: " not in ended.text
    assert ended.code == 0


@pytest.mark.parametrize(
    ("fault", "message", "code"),
    [
        ("limits", "massgen-plugins: t.yaml, key 'rate_limit.nonsense': this key is unknown", 1),
        ("switch as text", "backend.enable_rate_limit is 'yes'; write true or false, without quotes", 1),
        ("broadcast", "Invalid broadcast mode: everyone", 2),
        ("path", "Context paths not found", 1),
        ("no agents", "Configuration must contain either 'agent' or 'agents' section", 1),
    ],
)
def test_a_run_stops_at_what_the_validator_missed(tmp_path, fault, message, code):
    config = BLIND[fault]
    if fault == "limits":
        config["agents"][0]["backend"]["enable_rate_limit"] = True
    files = {"t.yaml": yaml.safe_dump(config)}
    ended = massgen(tmp_path, '--automation --config t.yaml "Hello"', files, GEMINI_API_KEY="k")
    assert message in ended.text
    assert ended.code == code


def test_only_warnings_end_with_code_0_unless_strict(tmp_path):
    text = yaml.safe_dump(team(orchestrator={"voting_sensitivty": "strict"}))
    Path(tmp_path / "one").mkdir()
    Path(tmp_path / "two").mkdir()
    assert massgen(tmp_path / "one", "--validate t.yaml", {"t.yaml": text}).code == 0
    assert massgen(tmp_path / "two", "--validate t.yaml --strict", {"t.yaml": text}).code == 1
