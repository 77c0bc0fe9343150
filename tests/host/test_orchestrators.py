"""MassGen's serial pauses before each start: dropped for agents that we limit, untouched for others."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from massgen_plugins.host import orchestrators, stage
from massgen_plugins.host.switch import INHERITED, KEY

MODEL = "gemini-2.5-flash"


@pytest.fixture
def slept(monkeypatch):
    """Seconds that MassGen wanted to sleep."""
    seconds: list[float] = []

    async def sleep(delay, result=None):
        seconds.append(delay)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return seconds


@pytest.fixture
def orchestrator(massgen):
    """A real orchestrator that was told ``--rate-limit``, with an agent of ours and another."""
    orchestrators.attach()

    def agent(switch):
        backend = SimpleNamespace(config={"model": MODEL, **switch}, get_provider_name=lambda: "gemini")
        return SimpleNamespace(backend=backend, config=SimpleNamespace(backend_params={"model": MODEL}))

    made = object.__new__(massgen.orchestrator.Orchestrator)
    made.agents = {"ours": agent({KEY: {INHERITED: {}}}), "theirs": agent({})}
    made.orchestrator_id = "orchestrator"
    made._enable_rate_limit = True
    made._rate_limits = {"gemini-2.5-flash": {"max_starts": 1, "time_window": 60}}
    made._agent_startup_times = {}
    return made


def start(orchestrator, name):
    asyncio.run(orchestrator._apply_agent_startup_rate_limit(name))


def test_no_pause_for_an_agent_that_we_limit(orchestrator, slept):
    for _ in range(3):
        start(orchestrator, "ours")
    assert slept == []


def test_massgens_own_pause_for_another(orchestrator, slept):
    for _ in range(3):
        start(orchestrator, "theirs")
    assert slept


def test_no_pause_for_an_agent_that_is_gone(orchestrator, slept):
    start(orchestrator, "nobody")
    assert slept == []


def test_attaching_twice_changes_nothing(massgen, orchestrator):
    first = massgen.orchestrator.Orchestrator._apply_agent_startup_rate_limit
    orchestrators.attach()
    assert massgen.orchestrator.Orchestrator._apply_agent_startup_rate_limit is first


def test_it_is_remembered_for_announcements_and_forgotten_with_its_run(orchestrator, slept):
    start(orchestrator, "ours")
    assert stage.stage_of("run1", "ours").orchestrator is orchestrator
    assert stage.stage_of("run1", "nobody") is None
