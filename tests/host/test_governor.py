"""The settings of a run: edits reach it within a second, and a bad edit changes nothing."""

from __future__ import annotations

import pytest

from massgen_plugins.budget.terms import Scope, Terms
from massgen_plugins.errors import ConfigurationError
from massgen_plugins.host import governor as governor_module
from massgen_plugins.host.governor import Governor
from massgen_plugins.profiles import loading, steering
from massgen_plugins.profiles.edit_budget import add_raise
from massgen_plugins.profiles.places import find_places
from massgen_plugins.profiles.steering import pause, resume, set_values
from massgen_plugins.quota import MINUTE, Domain, Kind, Limit, Pool

POOL = Pool(Domain("gemini", "key-1"), "gemini-2.5-flash")


@pytest.fixture
def clock(monkeypatch):
    """Seconds that the governor believes to have passed."""
    now = [1000.0]
    monkeypatch.setattr(governor_module.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def project_file(tmp_path):
    file = tmp_path / ".massgen" / "rate_limit.yaml"
    file.parent.mkdir()
    return file


def rpm(governor):
    (amount,) = [
        limit.amount
        for limit in governor.rules(POOL).limits
        if (limit.kind, limit.window) == (Kind.REQUESTS, MINUTE)
    ]
    return amount


def test_an_edit_holds_after_the_next_look(clock, project_file, said):
    governor = Governor({}, None, [], said.append)
    assert rpm(governor) == 9
    project_file.write_text("models: {gemini-2.5-flash: {rpm: 4}}\n")
    assert rpm(governor) == 9
    clock[0] += 0.6
    assert rpm(governor) == 4
    assert Limit(Kind.REQUESTS, 4, MINUTE) in governor.rules(POOL).limits


@pytest.mark.parametrize(
    "edit",
    ["models: {gemini-2.5-flash: {rpm: soon}}\n", "disabled: [gemini-seed]\n", "max_weight: 3\n"],
    ids=["value", "no profile left", "key"],
)
def test_a_bad_edit_is_said_once_and_the_last_good_limits_hold(clock, project_file, said, edit):
    project_file.write_text("models: {gemini-2.5-flash: {rpm: 4}}\n")
    governor = Governor({}, None, [], said.append)
    assert rpm(governor) == 4
    project_file.write_text(edit)
    for _ in range(3):
        clock[0] += 0.6
        assert rpm(governor) == 4
    assert len(said) == 1


def test_a_pool_that_nothing_covers_has_no_rules_and_is_named_once(clock, project_file, said):
    project_file.write_text("disabled: [gemini-seed]\n")
    governor = Governor({}, None, [], said.append)
    for _ in range(3):
        clock[0] += 0.6
        assert governor.rules(POOL) is None
    (line,) = said
    assert "switched off" in line


def test_the_block_is_read_and_never_changed(clock, project_file, said):
    project_file.write_text("models: {gemini-2.5-flash: {rpm: 4}}\n")
    block = Governor({}, None, [], said.append).block
    assert block["models"]["gemini-2.5-flash"]["rpm"] == 4
    with pytest.raises(TypeError):
        block["store"] = "elsewhere"
    with pytest.raises(TypeError):
        block["models"]["gemini-2.5-flash"]["rpm"] = 99
    assert not any(isinstance(value, list) for value in block.values())


def test_the_block_follows_an_edit(clock, project_file, said):
    governor = Governor({"rate_limit": {"max_wait": 5}}, None, [], said.append)
    assert governor.block["max_wait"] == 5
    first = governor.block
    assert governor.block is first
    project_file.write_text("account: team\n")
    clock[0] += 0.6
    assert governor.block["account"] == {"*": "team"}


def test_wrong_settings_stop_a_run_before_it_starts(said):
    with pytest.raises(ConfigurationError, match="max_wait"):
        Governor({"rate_limit": {"max_weight": 1}}, None, [], said.append)


@pytest.fixture
def wall(monkeypatch):
    """Seconds since the epoch, as far as temporary limits know."""
    moment = [1_000_000.0]
    for module in (loading, steering):
        monkeypatch.setattr(module.time, "time", lambda: moment[0])
    return moment


def test_a_temporary_limit_reaches_a_run_and_leaves_it_by_itself_and_each_is_an_event(clock, wall, said):
    events = []
    governor = Governor({}, None, [], said.append)
    governor.emit = events.append
    assert rpm(governor) == 9
    set_values(POOL.name, {"rpm": 4}, until=wall[0] + 600)
    clock[0] += 0.6
    assert rpm(governor) == 4
    pause()
    clock[0] += 0.6
    assert governor.rules(POOL).paused
    resume()
    clock[0] += 0.6
    assert not governor.rules(POOL).paused
    wall[0] += 600
    clock[0] += 0.6
    assert rpm(governor) == 9
    assert [(event.before[0], event.after[0]) for event in events] == [
        ("9 requests per minute", "4 requests per minute"),
        ("4 requests per minute", "paused"),
        ("paused", "4 requests per minute"),
        ("4 requests per minute", "9 requests per minute"),
    ]
    assert {event.origin for event in events} == {"steering"}
    assert all(event.by for event in events[:3])
    assert said == []


def test_an_edit_of_a_file_is_an_event_that_names_the_profile(clock, project_file, said):
    events = []
    governor = Governor({}, None, [], said.append)
    governor.emit = events.append
    assert rpm(governor) == 9
    project_file.write_text("profile: gemini-tier1\n")
    clock[0] += 0.6
    assert rpm(governor) == 1000
    (event,) = events
    assert (event.pool, event.origin, event.by) == (POOL, "gemini-tier1", "")


def test_what_does_not_change_is_no_event(clock, project_file, said):
    events = []
    governor = Governor({}, None, [], said.append)
    governor.emit = events.append
    assert rpm(governor) == 9
    project_file.write_text("max_wait: 5\n")
    clock[0] += 0.6
    assert rpm(governor) == 9
    assert events == []


@pytest.mark.parametrize("inherit", [True, False])
def test_a_raised_budget_reaches_a_run_whatever_its_own_yaml_says(
    clock, said, monkeypatch, tmp_path, inherit
):
    monkeypatch.setenv("MASSGEN_PLUGINS_CONFIG_DIR", str(tmp_path / "mine"))
    places = find_places()
    block = {"inherit": inherit, "store": "memory", "budget": {"run": 1, "zone": "UTC"}}
    governor = Governor({"rate_limit": block}, None, [], said.append)
    scope = Scope(Domain("openai", "a"), "run1", None)

    def allowed():
        (budget,) = [each for each in Terms(governor.block).budgets(scope, 50.0) if each.name == "run"]
        return budget.amount

    assert allowed() == 1_000_000
    add_raise({"run": 2.5}, 100.0, places, 50.0)
    assert allowed() == 1_000_000
    clock[0] += 0.6
    assert allowed() == 3_500_000
    assert said == []
