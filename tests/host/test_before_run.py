"""A run whose day or budget cannot suffice is told so when its agents are made: no call has left by then."""

from __future__ import annotations

import pytest
import yaml

from massgen_plugins.budget.prices import Prices
from massgen_plugins.calls.record import Recorder
from massgen_plugins.calls.runs import begin_run
from massgen_plugins.quota import Domain
from tests.calls.settled import settled
from tests.host.test_agents import FLASH, ON, fake_massgen

PROFILE = {"fallback": {"rpm": 100}, "prices": {FLASH: {"input": 1, "output": 4}}}


@pytest.fixture
def make(said, massgen, tmp_path):
    """Makes six agents with such a budget, as MassGen does."""
    host = fake_massgen()

    def made(budget, **more):
        block = {"define": [{"provider": "gemini", "profiles": {"priced": PROFILE}}], "profile": "priced"}
        document = {
            "agents": [{"id": f"a{number}", "backend": dict(ON)} for number in range(6)],
            "rate_limit": {**block, "store": str(tmp_path / "quota.sqlite3"), "budget": budget, **more},
        }
        file = tmp_path / "team.yaml"
        file.write_text(yaml.safe_dump(document))
        host.create_agents_from_config(document, config_path=str(file))
        return [line for line in said if "are left" in line]

    return made


def test_the_least_that_thirteen_calls_can_cost(make):
    (sentence,) = make({"run": 0.05})
    assert "0.05 of 0.05 US dollars are left, and 13 calls take at least 0.052." in sentence


def test_nothing_is_said_when_it_may_suffice(make):
    assert make({"run": 0.052}) == []


def test_earlier_runs_of_the_same_team_tell_more(make, tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    path = home / "massgen-plugins" / "calls.sqlite3"
    path.parent.mkdir(parents=True)
    recorder = Recorder(path, 30, 100, Prices(lambda _: {}), print)
    run = begin_run(str(tmp_path / "team.yaml"), lambda: None)
    recorder.add(settled(run=run.name, model=FLASH, domain=Domain("gemini", "mine"), cost=20_000))
    recorder.close()
    (sentence,) = make({"run": 0.2})
    assert "0.20 of 0.20 US dollars are left, and 13 calls take about 0.26." in sentence
