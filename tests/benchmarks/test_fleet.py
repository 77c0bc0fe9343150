"""The fleet's simulation, with three machines of two agents."""

from __future__ import annotations

import pytest

from tests.benchmarks import redis_server

pytest.importorskip("redis", reason="there is no client for Redis")

from tests.benchmarks.fleet import plots
from tests.benchmarks.fleet.simulation import Fleet, simulate

FLEET = Fleet(machines=3, rpm=30, agents=4, minutes=2)


@pytest.fixture(scope="module", params=["a real server", "a model"])
def outcome(request):
    if request.param == "a model":
        return simulate(FLEET, None)
    if not redis_server.is_there():
        pytest.skip("there is no redis-server, or no client for it")
    with redis_server.running() as port:
        return simulate(FLEET, port)


def test_a_small_fleet_is_never_refused_and_uses_its_limit(outcome) -> None:
    assert outcome.refused == 0
    assert outcome.worst == 1.0
    assert outcome.utilisation > 0.9


def test_its_machines_share(outcome) -> None:
    assert outcome.fairness > 0.9


def test_its_server_has_something_to_do(outcome) -> None:
    assert outcome.per_call >= 1
    assert 0 < outcome.load < 1


def test_it_can_be_drawn(outcome) -> None:
    pictures = plots.drawn([outcome.as_dict()])
    assert all(picture.startswith("<svg") for picture in pictures.values())
