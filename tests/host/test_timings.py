"""Our waiting is taken out of what MassGen measures: it is not the model's slowness."""

from __future__ import annotations

import time
import weakref
from dataclasses import replace
from types import SimpleNamespace

import pytest

from massgen_plugins.events import CallAdmitted
from massgen_plugins.host import stage, timings
from massgen_plugins.host.stream import Turn, current_turn
from massgen_plugins.quota import Domain, Pool

POOL = Pool(Domain("gemini", "mine"), "gemini-2.5-flash")


@pytest.fixture
def backend(massgen):
    """A real backend, as far as it measures."""

    class Backend(massgen.backend.base.LLMBackend):
        def get_provider_name(self):
            return "gemini"

        def stream_with_tools(self, *args, **kwargs):
            raise NotImplementedError

        def get_supported_builtin_tools(self):
            return []

    made = object.__new__(Backend)
    made._current_agent_id, made._current_round_number, made._current_round_type = "a0", 0, "answer"
    made._api_call_index, made._api_call_history, made._current_api_call = 0, [], None
    return made


@pytest.fixture
def clock(monkeypatch):
    """MassGen's clock, which the test moves."""
    now = [1_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


@pytest.fixture
def turn(agent, backend):
    return Turn(replace(agent, backend=weakref.ref(backend)))


def test_massgen_measures_the_model_and_not_the_wait(backend, turn, clock):
    backend.start_api_call_timing("gemini-2.5-flash")
    clock[0] += 60
    timings.take_out(turn, 60.0)
    clock[0] += 2
    backend.record_first_token()
    clock[0] += 3
    backend.end_api_call_timing()
    (call,) = backend.get_api_call_history()
    assert (call.time_to_first_token_ms, call.duration_ms) == (2_000, 5_000)


def test_no_measure_begins_in_the_future(backend, turn, clock):
    backend.start_api_call_timing("gemini-2.5-flash")
    timings.take_out(turn, 60.0)
    assert backend._current_api_call.start_time == clock[0]


def test_the_time_of_the_round_stands_still_too(backend, turn, clock, monkeypatch):
    monkeypatch.setattr(stage, "_emitter", lambda: None)
    monkeypatch.setattr(stage, "_folder", lambda: None)

    class Orchestrator:
        def __init__(self):
            self.agents = {"a0": SimpleNamespace(backend=backend)}
            self.agent_states = {"a0": SimpleNamespace(round_start_time=990.0)}

    orchestrator = Orchestrator()
    stage.watch(orchestrator)
    clock[0] += 60
    timings.take_out(turn, 60.0)
    assert orchestrator.agent_states["a0"].round_start_time == 1_050


def test_without_a_measurement_nothing_happens(agent, backend, turn):
    timings.take_out(turn, 60.0)
    timings.take_out(Turn(agent), 60.0)
    assert backend._current_api_call is None


def test_it_happens_where_a_call_is_admitted(shared, backend, turn, clock):
    backend.start_api_call_timing("gemini-2.5-flash")
    clock[0] += 60
    token = current_turn.set(turn)
    try:
        other = Pool(POOL.domain, "another-model")
        shared.emit(CallAdmitted(other, "a0", "run1", 1, 60.0, 1))
        assert backend._current_api_call.start_time == 1_000
        shared.emit(CallAdmitted(POOL, "a0", "run1", 2, 60.0, 1))
        assert backend._current_api_call.start_time == 1_060
    finally:
        current_turn.reset(token)
