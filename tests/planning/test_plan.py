"""From a team's file and the record of calls to numbers of calls."""

from __future__ import annotations

from typing import Any

import pytest

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.manager import build_manager
from massgen_plugins.planning.plan import Past, calls_of, calls_shared, estimates_of
from massgen_plugins.planning.simulation import CallShape
from massgen_plugins.planning.sooner import Surroundings, sooner
from massgen_plugins.planning.team import Team, team_of
from massgen_plugins.profiles import load_settings
from massgen_plugins.profiles.loading import read_catalog
from massgen_plugins.profiles.places import find_places

GEMINI = {"type": "gemini", "model": "gemini-2.5-flash"}


@pytest.fixture(scope="module")
def providers() -> list[Any]:
    return build_manager(pytest.fail, with_entry_points=False).providers()


def config(*backends: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"agents": [{"id": f"a{n}", "backend": each} for n, each in enumerate(backends)], **more}


@pytest.fixture
def read(providers: list[Any]) -> Any:
    def team(document: dict[str, Any]) -> Team:
        return team_of(document, load_settings(document), providers)

    return team


def test_each_agent_books_in_the_pools_of_its_model(read: Any) -> None:
    team = read(config(GEMINI, {"type": "claude", "model": "claude-sonnet-4-5-20250929"}))
    assert [agent.domain.provider for agent in team.agents] == ["gemini", "anthropic"]
    rules = team.rules[team.agents[0].domain, "gemini-2.5-flash"]
    assert str(rules.limits[0]) == "9 requests per minute"


def test_who_cannot_be_planned_is_named(read: Any) -> None:
    team = read(config(GEMINI, {"type": "no-such-backend", "model": "m"}, {"type": "gemini"}))
    assert team.unknown == ("a1", "a2")


@pytest.mark.parametrize("document", [{}, {"agents": []}, {"agents": "six"}])
def test_a_file_without_agents_is_a_sentence(read: Any, document: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="has no agents; add `agents:`"):
        read(document)


def test_bounds_come_from_the_yaml(read: Any) -> None:
    more = {
        "orchestrator": {"max_new_answers_per_agent": 5},
        "timeout_settings": {"orchestrator_timeout_seconds": 60},
    }
    team = read(config(*[GEMINI] * 6, **more))
    assert (team.bounds.new_answers, team.bounds.timeout) == (5, 60)
    assert [(name, calls) for name, calls, _ in calls_of(team, Past())] == [
        ("least", 13),
        ("usual", 18),
        ("most", 37),
    ]


def test_what_is_usual_is_told_from_the_past(read: Any) -> None:
    rows = calls_of(read(config(*[GEMINI] * 3)), Past(runs=2, calls=11))
    assert rows[1] == ("usual", 11, "your last 2 runs of this file")


def test_one_agent_answers_once_and_nobody_votes(read: Any) -> None:
    assert [calls for _, calls, _ in calls_of(read(config(GEMINI)), Past())] == [1, 1]


def test_calls_are_shared_evenly(read: Any) -> None:
    team = read(config(*[GEMINI] * 3))
    assert list(calls_shared(8, team.agents).values()) == [3, 3, 2]


def test_the_cost_is_unknown_while_one_models_is(read: Any) -> None:
    other = {"type": "gemini", "model": "gemini-2.5-pro"}
    team = read(config(GEMINI, other))
    half = Past(calls=4, cost={"gemini-2.5-flash": 100})
    assert {each.cost for each in estimates_of(team, half)} == {None}
    whole = Past(calls=4, cost={"gemini-2.5-flash": 100, "gemini-2.5-pro": 400})
    assert estimates_of(team, whole)[1].cost == 1000


def test_a_larger_tier_and_fewer_agents_are_sooner(providers: list[Any]) -> None:
    document = config(*[GEMINI] * 6)
    around = Surroundings(document, load_settings(document), read_catalog(find_places()).profiles, providers)
    past = Past(calls=18, shapes={"gemini-2.5-flash": CallShape(0.2, 0.4)})
    team = around.team()
    usual = estimates_of(team, past)[1]
    found = sooner(team, past, usual, around)
    assert {"3 agents", "gemini-tier1"} <= {each.change for each in found}
    assert all(each.seconds < usual.result.seconds for each in found)
