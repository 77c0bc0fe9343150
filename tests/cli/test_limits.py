"""``massgen-rl limits``: each effective value with file and line, and what it hides."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import FLASH

MODEL = FLASH.name
PROJECT = """\
account: my-project
safety_margin: 0.1
models:
  gemini-2.5-flash:
    rpm: 5
    tpm: none
"""
USER = """\
profile: gemini-tier1
account: other
models: {gemini-2.5-flash: {rpm: 7}, gemini-*-flash: {rpm: 8, rpd: 100}}
"""
TEAM = """\
agents: []
rate_limit:
  max_wait: 60
  models:
    gemini-2.5-flash: {rpm: 3}
"""


@pytest.fixture
def files(settings_file):
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text(USER)
    Path(".massgen").mkdir()
    Path(".massgen/rate_limit.yaml").write_text(PROJECT)
    Path("team.yaml").write_text(TEAM)


def row_of(document, key):
    (model,) = document["models"]
    return next(row for row in model["limits"] if row["key"] == key)


def setting_of(document, key):
    return next(row for row in document["settings"] if row["key"] == key)


def test_the_first_that_speaks_holds_and_the_others_are_hidden(rl, files, settings_file):
    row = row_of(rl("limits", MODEL, "--json").document, "rpm")
    assert (row["value"], row["layer"], row["line"]) == (5, "project", 5)
    assert row["in_force"] == [{"key": "requests/60s", "amount": 4}]
    assert [(each["value"], each["layer"], each["line"]) for each in row["hides"][:2]] == [
        (7, "user", 3),
        (8, "user", 3),
    ]
    assert row["hides"][0]["file"] == str(settings_file)
    assert (row["hides"][2]["value"], row["hides"][2]["layer"]) == (1000, "profile")
    assert row["hides"][2]["file"].endswith("gemini.yaml")
    shipped = Path(row["hides"][2]["file"]).read_text().splitlines()
    assert "rpm: 1000" in shipped[row["hides"][2]["line"] - 1]


def test_a_limit_that_is_taken_away_is_shown_as_none(rl, files):
    row = row_of(rl("limits", MODEL, "--json").document, "tpm")
    assert (row["value"], row["in_force"]) == (None, [])
    assert "tpm: none" in rl("limits", MODEL).out


def test_what_is_shown_is_what_a_run_uses(rl, files):
    from massgen_plugins.profiles import load_settings

    held = {limit.key: limit.amount for limit in load_settings(None).rules("gemini", MODEL).limits}
    (model,) = rl("limits", MODEL, "--json").document["models"]
    shown = {each["key"]: each["amount"] for row in model["limits"] for each in row["in_force"]}
    assert shown == held


def test_a_teams_yaml_counts_when_it_is_named_and_set_over_it(rl, files):
    row = row_of(rl("limits", MODEL, "--team", "team.yaml", "--json").document, "rpm")
    assert (row["value"], row["layer"], row["line"]) == (3, "run", 5)
    rl("set", MODEL, "rpm=2")
    assert row_of(rl("limits", MODEL, "--team", "team.yaml", "--json").document, "rpm")["value"] == 3
    assert row_of(rl("limits", MODEL, "--json").document, "rpm")["layer"] == "steering"
    rl("set", MODEL, "rpm=2", "--over-yaml")
    assert row_of(rl("limits", MODEL, "--team", "team.yaml", "--json").document, "rpm")["layer"] == "steering"


def test_settings_come_with_their_places(rl, files):
    document = rl("limits", "--team", "team.yaml", "--json").document
    assert (setting_of(document, "max_wait")["value"], setting_of(document, "max_wait")["line"]) == (60, 3)
    account = setting_of(document, "account")
    assert (account["value"], account["layer"], account["hides"][0]["value"]) == (
        "my-project",
        "project",
        "other",
    )
    assert setting_of(document, "store")["layer"] == "default"
    assert setting_of(document, "profile gemini")["value"] == "gemini-tier1"


def test_origin_shows_files_and_lines_and_without_it_only_whose_they_are(rl, files):
    out = rl("limits", MODEL, "--origin").out
    assert ".massgen/rate_limit.yaml:5" in out
    assert "hides 7 (" in out
    assert "built in, gemini.yaml:" in out
    assert "max_wait: 900, default" in out
    out = rl("limits", MODEL).out
    assert "rpm: 4 requests per minute (stated 5), this project" in out
    assert "hides" not in out


def test_what_was_learned_and_a_pause_are_shown(rl, spend, lower_limit):
    spend(refusal=lower_limit)
    rl("pause")
    out = rl("limits").out
    assert (
        "learned: 5 requests per minute, which overrides all others "
        "(`massgen-rl forget gemini-2.5-flash` drops it)" in out
    )
    assert "paused" in out


def test_without_calls_and_settings_the_profiles_in_use_are_shown(rl):
    models = {each["model"] for each in rl("limits", "--json").document["models"]}
    assert "gemini-*-flash" in models


def test_an_unknown_model_gets_a_suggestion_and_no_talk_of_writing(rl):
    ran = rl("limits", "gemini-2.5-flsh")
    assert ran.code == 2
    assert f"did you mean '{MODEL}'?" in ran.err
    assert "--yes" not in ran.err


@pytest.mark.parametrize("text", ["[]", "agents: [", "", "rate_limit: {max_weight: 1}"])
def test_a_team_that_is_none_is_one_sentence(rl, text):
    Path("team.yaml").write_text(text)
    ran = rl("limits", "--team", "team.yaml")
    assert ran.code == 2
    assert "team.yaml" in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("width", ["40", "80", "120"])
def test_no_line_is_wider_than_the_terminal(rl, files, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    lines = rl("limits", MODEL, "--origin").out.splitlines()
    assert max(map(len, lines)) <= int(width)
