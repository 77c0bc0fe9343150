"""``massgen-rl set``, ``unset``, ``pause``, ``resume``: what they change, ask and tell, and who follows."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from massgen_plugins.live.identity import birth_of, machine
from massgen_plugins.live.presence import Presence, live_directory
from massgen_plugins.profiles import SettingsSource
from massgen_plugins.profiles.steering import read_steering

from .conftest import FLASH

MODEL = FLASH.name


@pytest.fixture
def running(home, tmp_path):
    """Lets this process count as a run of a team whose YAML is given."""

    def begin(yaml: str) -> Path:
        team = tmp_path / "team.yaml"
        team.write_text(yaml)
        directory = live_directory()
        assert directory is not None
        directory.mkdir(parents=True, mode=0o700)
        pid, now = os.getpid(), time.time()
        record = Presence(
            pid, "run1", str(team), str(Path.cwd()), now, now, machine=machine(), birth=birth_of(pid)
        )
        file = directory / f"{pid}-0000.json"
        file.write_text(record.as_json())
        file.chmod(0o600)
        return team

    return begin


def rpm(yaml=None) -> int:
    return SettingsSource(yaml).settings.rules("gemini", MODEL).limits[0].amount


def test_set_tells_before_and_after_and_until_when(rl):
    ran = rl("set", MODEL, "rpm=4", "--for", "10m")
    assert ran.code == 0
    assert ran.out.startswith(f"{MODEL}: requests per minute 9 -> 4, until ")
    assert "(in 10 min), then as before" in ran.out
    assert rpm() == 4
    (entry,) = read_steering().entries
    assert 590 < entry.until - time.time() <= 600


def test_set_tells_that_no_run_is_under_way(rl):
    assert "No limited run is under way" in rl("set", MODEL, "rpm=4").out


def test_a_run_whose_yaml_says_something_else_does_not_follow_and_the_line_is_named(rl, running):
    running(f"agents: []\nrate_limit:\n  models:\n    {MODEL}:\n      rpm: 3\n")
    ran = rl("set", MODEL, "rpm=4")
    assert f"pid {os.getpid()}" in ran.out
    assert "does not: its own YAML says rpm 3 (team.yaml:5)" in ran.out
    assert "--over-yaml" in ran.out
    ran = rl("set", MODEL, "rpm=4", "--over-yaml")
    assert f"pid {os.getpid()}" in ran.out
    assert "follows" in ran.out
    assert "does not" not in ran.out


@pytest.mark.parametrize("yaml", ["agents: []\n", "agents: [", "rate_limit: {max_weight: 3}\n", "[]"])
def test_a_run_whose_yaml_says_nothing_of_it_follows(rl, running, yaml):
    running(yaml)
    document = rl("set", MODEL, "rpm=4", "--json").document
    assert [(each["pid"], each["follows"], each["why"]) for each in document["processes"]] == [
        (os.getpid(), True, "")
    ]


def test_a_run_whose_yaml_limits_another_key_or_model_follows(rl, running):
    running(f"rate_limit: {{models: {{{MODEL}: {{tpm: 3}}, gemini-2.5-pro: {{rpm: 3}}}}}}\n")
    assert rl("set", MODEL, "rpm=4", "--json").document["processes"][0]["follows"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("rpm=0", "ends every turn"),
        ("rpd=0", "ends every turn"),
        ("rpm=20", "more than your settings state"),
        ("tpm=none", "without the limit"),
    ],
)
def test_what_ends_turns_or_risks_refusals_is_asked_about_first(rl, change, sentence):
    ran = rl("set", MODEL, change)
    assert ran.code == 2
    assert sentence in ran.err
    assert "--yes" in ran.err
    assert read_steering().entries == ()
    assert rl("set", MODEL, change, "--yes").code == 0
    assert len(read_steering().entries) == 1


def test_a_limit_of_none_offers_a_pause(rl):
    assert f"`massgen-rl pause {MODEL}`" in rl("set", MODEL, "rpm=0").err


def test_on_a_terminal_the_pause_is_taken_by_return(rl, monkeypatch):
    answers = iter([True])
    monkeypatch.setattr("massgen_plugins.cli.steering_do.sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: next(answers))
    from massgen_plugins.cli import steering, steering_do

    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(steering_do.sys, "stdin", Terminal())
    steering.set_(MODEL, ["rpm=0"])
    assert [(each.model, each.key) for each in read_steering().entries] == [(MODEL, "paused")]


def test_more_than_the_provider_has_said_is_asked_about(rl, spend, lower_limit):
    spend(refusal=lower_limit)
    ran = rl("set", MODEL, "rpm=8")
    assert ran.code == 2
    assert "5 requests per minute" in ran.err


def test_fewer_calls_than_those_who_wait_can_wait_for_is_asked_about(rl, spend):
    spend(calls=30)
    ran = rl("set", MODEL, "rpm=1")
    assert ran.code == 2
    assert "would wait too long" in ran.err


def test_a_model_that_nothing_names_is_not_written_without_yes(rl):
    ran = rl("set", "gemini-2.5-flsh", "rpm=4")
    assert (ran.code, ran.out) == (2, "")
    assert f"did you mean '{MODEL}'?" in ran.err
    assert read_steering().entries == ()
    assert rl("set", "gemini-2.5-flsh", "rpm=4", "--yes").code == 0


def test_a_model_of_an_earlier_call_is_known(rl, spend):
    spend(FLASH._replace(name="gemini-9-house-model"))
    assert rl("set", "gemini-9-house-model", "rpm=4").code == 0


@pytest.mark.parametrize("span", ["", "10", "ten", "-1m", "0s", "1m30", "9999d", "1.5h", "১m"])
def test_a_span_that_is_none_is_one_sentence(rl, span):
    ran = rl("set", MODEL, "rpm=4", f"--for={span}")
    if span:
        assert ran.code == 2
        assert "--for" in ran.err
    assert not [each for each in read_steering().entries if each.until]


@pytest.mark.parametrize(("span", "seconds"), [("90s", 90), ("1h30m", 5400), ("2d", 172_800)])
def test_spans_are_written_as_people_do(rl, span, seconds):
    assert rl("set", MODEL, "rpm=4", "--for", span).code == 0
    (entry,) = read_steering().entries
    assert seconds - 10 < entry.until - time.time() <= seconds


def test_unset_takes_back_one_key_one_model_or_all(rl):
    rl("set", MODEL, "rpm=4", "tpm=1000")
    rl("set", "gemini-2.5-pro", "rpm=1")
    assert "input tokens per minute 1,000 -> 240,000" in rl("unset", MODEL, "tpm").out
    assert "requests per minute 4 -> 9" in rl("unset", MODEL).out
    assert "gemini-2.5-pro" in rl("unset", "all").out
    assert read_steering().entries == ()


def test_unset_of_nothing_says_what_is_set(rl):
    assert "nothing is set" in rl("unset", MODEL).err
    rl("set", MODEL, "rpm=4")
    ran = rl("unset", MODEL, "tpm")
    assert ran.code == 2
    assert f"{MODEL} rpm" in ran.err
    assert "profiles unset" in ran.err


def test_pause_and_resume_tell_who_follows(rl, running):
    running(f"rate_limit: {{models: {{{MODEL}: {{rpm: 3}}}}}}\n")
    ran = rl("pause", "--for", "5m")
    assert ran.code == 0
    assert "all models: paused until" in ran.out
    assert "no turn ends" in ran.out
    assert "does not" not in ran.out
    assert SettingsSource(None).settings.rules("gemini", MODEL).paused
    ran = rl("resume")
    assert "all models: goes on" in ran.out
    assert read_steering().entries == ()


def test_a_mistake_in_the_settings_does_not_stop_a_pause(rl, settings_file):
    settings_file.parent.mkdir(parents=True, exist_ok=True)
    settings_file.write_text("rate_limit: {max_wiat: 3}")
    for command, done in (("pause", "all models: paused"), ("resume", "all models: goes on")):
        ran = rl(command)
        assert ran.code == 0
        assert done in ran.out
        assert "max_wiat" in ran.err
    assert rl("status").code == 2


def test_resume_of_what_is_not_paused(rl):
    assert rl("resume").out == "Nothing was paused.\n"
    assert rl("resume", MODEL).code == 2
    rl("pause", MODEL)
    ran = rl("resume", "gemini-2.5-pro")
    assert ran.code == 2
    assert MODEL in ran.err


def test_a_pause_of_a_family_holds_for_its_models(rl):
    rl("pause", "gemini-*-flash")
    rules = SettingsSource(None).settings.rules
    assert rules("gemini", MODEL).paused
    assert not rules("gemini", "gemini-2.5-pro").paused


def test_other_machines_are_told_of(rl, settings_file, monkeypatch):
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("store: redis://127.0.0.1:1\n")
    assert "Other machines" in rl("pause").out


@pytest.mark.parametrize("command", ["set", "unset", "pause", "resume"])
def test_each_gives_an_example(rl, command):
    assert f"Example: massgen-rl {command}" in rl(command, "--help").out


def test_of_a_run_without_a_file_nothing_is_promised(rl, running):
    team = running("agents: []\n")
    record = next(live_directory().glob("*.json"))
    record.write_text(record.read_text().replace(str(team), ""))
    assert (
        "no YAML file) follows, unless its program states these limits itself"
        in rl("set", MODEL, "rpm=4").out
    )
    assert "unless" not in rl("pause").out


def test_status_tells_of_a_pause_before_the_first_call(rl):
    rl("pause", "--for", "10m")
    rl("set", MODEL, "rpm=4")
    shown = rl("status").err
    assert "No call has been limited yet" in shown
    assert "all models: paused" in shown
    assert f"{MODEL}: set" in shown
