"""The fleet's simulation, with three machines of two agents."""

from __future__ import annotations

import pytest

pytest.importorskip("redis", reason="the client for Redis is not installed")
pytest.importorskip("hiredis", reason="the client for Redis is not installed")

from tests.benchmarks import redis_server
from tests.benchmarks.fleet import plots
from tests.benchmarks.fleet.simulation import Fleet, simulate

pytestmark = pytest.mark.skipif(redis_server.find() is None, reason="there is no redis-server")


@pytest.fixture(scope="module")
def outcome():
    with redis_server.running() as port:
        yield simulate(Fleet(machines=3, rpm=30, agents=4, minutes=2), port)


def test_a_small_fleet_is_never_refused_and_uses_its_limit(outcome) -> None:
    assert outcome.refused == 0
    assert outcome.worst == 1.0
    assert outcome.utilisation > 0.9


def test_its_machines_share(outcome) -> None:
    assert outcome.fairness > 0.9


def test_its_server_has_something_to_do(outcome) -> None:
    assert outcome.per_call >= 1
    assert 0 < outcome.load < 1


def test_it_can_be_drawn(outcome, tmp_path) -> None:
    plots.draw([outcome.as_dict()], tmp_path)
    assert "<svg" in (tmp_path / "fleet-redis.svg").read_text()
    assert "<svg" in (tmp_path / "fleet-shares.svg").read_text()
