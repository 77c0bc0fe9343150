"""``massgen.run()`` tells what its agents used; nothing is added where nothing is limited."""

from __future__ import annotations

import asyncio
import inspect
from types import ModuleType

import pytest

from massgen_plugins.events import CallAdmitted
from massgen_plugins.host import python_api, runtime
from massgen_plugins.host.attach import attach
from massgen_plugins.host.run_records import RunRecord
from massgen_plugins.quota import Domain, Pool

POOL = Pool(Domain("gemini", "mine"), "gemini-2.5-flash")


@pytest.fixture
def massgen(monkeypatch, shared):
    """What the package MassGen does, as far as it concerns us."""
    monkeypatch.setattr(runtime, "_runtime", shared)
    module = ModuleType("massgen")

    async def run(query, *, limited=True):
        """MassGen's own words."""
        if limited:
            python_api.note_run("run1")
            shared.live.begin(RunRecord("run1", "/team.yaml", 0.0))
            shared.live.tell(CallAdmitted(POOL, "a0", "run1", 1, 12.0, 1))
        return {"final_answer": query}

    module.run = run
    attach(module)
    yield module
    shared.live.close()


def test_the_result_has_what_the_run_used(massgen):
    result = asyncio.run(massgen.run("4"))
    assert result["final_answer"] == "4"
    told = result["rate_limit"]
    assert (told["run"], told["calls"], told["waited_seconds"]) == ("run1", 1, 12.0)
    assert told["agents"] == {"a0": {"calls": 1, "waited_seconds": 12.0}}
    assert told["summary"][0].startswith("QUOTA: 1 call, 0 refused.")


def test_nothing_is_added_to_a_run_without_limits(massgen):
    assert asyncio.run(massgen.run("4", limited=False)) == {"final_answer": "4"}


def test_it_looks_like_massgens_own(massgen):
    assert inspect.iscoroutinefunction(massgen.run)
    assert massgen.run.__doc__ == "MassGen's own words."


def test_a_fault_of_ours_leaves_the_answer(massgen, shared, monkeypatch):
    monkeypatch.setattr(shared.live, "document", lambda _: 1 / 0)
    assert asyncio.run(massgen.run("4")) == {"final_answer": "4"}


def test_two_runs_at_once_do_not_mix(massgen, shared):
    async def both():
        return await asyncio.gather(massgen.run("4"), massgen.run("5", limited=False))

    limited, free = asyncio.run(both())
    assert "rate_limit" in limited
    assert "rate_limit" not in free
