"""Temporary limits and pauses: what they are stronger than, until when, and what a damaged file does."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles import SettingsSource, load_settings, loading, steering
from massgen_plugins.profiles.places import steering_path
from massgen_plugins.profiles.steering import ALL_MODELS, pause, read_steering, resume, set_values, unset

from .conftest import write

FLASH = "gemini-2.5-flash"


@pytest.fixture
def now(monkeypatch):
    """Seconds since the epoch, as far as steering knows."""
    moment = [1_000_000.0]
    for module in (loading, steering):
        monkeypatch.setattr(module.time, "time", lambda: moment[0])
    return moment


def rules(source: SettingsSource, model: str = FLASH):
    if source.changed():
        source.reload()
    return source.settings.rules("gemini", model)


def rpm(source: SettingsSource, model: str = FLASH) -> int:
    return rules(source, model).limits[0].amount


def test_it_is_stronger_than_the_profile_and_the_users_and_the_projects_settings(config_dir, project) -> None:
    write(config_dir / "rate_limit.yaml", f"models: {{{FLASH}: {{rpm: 5}}}}\n")
    write(project / ".massgen/rate_limit.yaml", f"models: {{{FLASH}: {{rpm: 4}}}}\n")
    source = SettingsSource(None)
    set_values(FLASH, {"rpm": 20})
    assert rpm(source) == 20
    assert rpm(source, "gemini-2.5-pro") == 2
    unset(FLASH)
    assert rpm(source) == 4


def test_the_runs_own_yaml_is_stronger_unless_it_is_asked_for() -> None:
    source = SettingsSource({"rate_limit": {"models": {"gemini-*-flash": {"rpm": 4}}}})
    set_values(FLASH, {"rpm": 20, "tpm": 1000})
    limits = {limit.key: limit.amount for limit in rules(source).limits}
    assert limits["requests/60s"] == 4
    assert limits["input_tokens/60s"] == 1000
    set_values(FLASH, {"rpm": 20}, over_yaml=True)
    assert rpm(source) == 20


def test_it_ends_by_itself_without_any_file_changing(now) -> None:
    source = SettingsSource(None)
    set_values(FLASH, {"rpm": 20}, until=now[0] + 600)
    assert rpm(source) == 20
    now[0] += 599
    assert not source.changed()
    now[0] += 1
    assert source.changed()
    assert rpm(source) == 9
    assert not source.changed()


@pytest.mark.parametrize(("model", "flash", "pro"), [(FLASH, True, False), (ALL_MODELS, True, True)])
def test_a_pause_holds_for_its_models_whatever_the_yaml_says(model, flash, pro) -> None:
    source = SettingsSource({"rate_limit": {"models": {FLASH: {"rpm": 4}}}})
    pause(model)
    assert (rules(source).paused, rules(source, "gemini-2.5-pro").paused) == (flash, pro)
    assert rpm(source) == 4
    resume()
    assert not rules(source).paused


def test_a_pause_holds_where_no_limit_is_declared(monkeypatch) -> None:
    source = SettingsSource(None)
    assert source.settings.rules("nobody", "some-model") is None
    pause()
    source.reload()
    assert source.settings.rules("nobody", "some-model").paused


def test_a_family_and_an_alias_are_found_and_the_closest_name_wins() -> None:
    source = SettingsSource(None)
    set_values("gemini-*-flash", {"rpm": 7, "rpd": 100})
    set_values(FLASH, {"rpm": 6})
    assert [limit.amount for limit in rules(source).limits if "requests" in limit.key] == [6, 100]
    assert rpm(source, "gemini-2.0-flash") == 7


def test_of_one_model_keys_are_taken_back_one_by_one_and_pauses_stay() -> None:
    pause(FLASH)
    set_values(FLASH, {"rpm": 20, "tpm": "none"})
    before, after = unset(FLASH, ["rpm"])
    assert {each.key for each in before.entries} - {each.key for each in after.entries} == {"rpm"}
    _, after = unset()
    assert [each.key for each in after.entries] == ["paused"]
    assert resume(FLASH)[1].entries == ()


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"rmp": 5}, "rpm"),
        ({"rpm": -1}, "whole number"),
        ({"rpm": True}, "whole number"),
        ({"limits": "none"}, "list"),
    ],
)
def test_wrong_values_are_refused_and_nothing_is_written(values, complaint) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        set_values(FLASH, values)
    assert not steering_path().exists()


def test_the_file_is_its_owners_alone_and_says_who_and_when(now, monkeypatch) -> None:
    monkeypatch.setenv("LOGNAME", "julia")
    set_values(FLASH, {"rpm": 20})
    assert stat.S_IMODE(steering_path().stat().st_mode) == 0o600
    (entry,) = read_steering().entries
    assert (entry.by, entry.at) == ("julia", now[0])


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "7", '{"entries": [{}]}', '{"entries": [7]}', '{"entries": 7}', "\x00", "[" * 100_000]
    + [
        json.dumps({"entries": [{"model": "m", "by": "", "at": 0, "over_yaml": False, "until": None, **row}]})
        for row in (
            {"key": "limits", "value": 7},
            {"key": "rpm", "value": -7},
            {"key": "rpm", "value": "7"},
            {"key": "rpm", "value": float("nan")},
            {"key": "../rpm", "value": 7},
            {"key": "rpm", "value": 7, "until": "soon"},
        )
    ],
)
def test_a_damaged_file_is_said_once_what_held_holds_on_and_the_next_change_mends_it(text) -> None:
    source = SettingsSource(None)
    pause(FLASH)
    assert rules(source).paused
    write(steering_path(), text)
    with pytest.raises(ConfigurationError, match="damaged"):
        source.reload()
    assert source.reload().rules("gemini", FLASH).paused
    assert SettingsSource(None).settings.rules("gemini", FLASH).limits[0].amount == 9
    resume()
    assert not rules(source).paused


def test_a_child_process_gets_none_of_it_in_its_yaml_and_reads_the_file_itself() -> None:
    set_values(FLASH, {"rpm": 20})
    block = load_settings(None).to_mapping()
    assert block["models"] == {}
    assert rpm(SettingsSource({"rate_limit": block})) == 20


def test_two_who_change_it_at_once_lose_nothing() -> None:
    models = [f"model-{number}" for number in range(8)]
    threads = [threading.Thread(target=set_values, args=(model, {"rpm": 1})) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.model for each in read_steering().entries) == models


def test_without_a_home_nothing_is_steered_and_the_command_says_why(homeless) -> None:
    assert read_steering().entries == ()
    with pytest.raises(ConfigurationError, match="home"):
        pause()


def test_a_file_of_another_place_is_read_for_a_given_moment(tmp_path: Path) -> None:
    place = tmp_path / "elsewhere.json"
    set_values(FLASH, {"rpm": 3}, until=4e9, path=place)
    assert read_steering(place).values_of(FLASH)["rpm"].value == 3
    assert read_steering(place, 4e9).entries == ()
