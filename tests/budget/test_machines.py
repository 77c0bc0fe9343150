"""Machines that share budgets through a Redis server."""

from __future__ import annotations

import asyncio

from massgen_plugins.errors import CallRefused
from tests.rate_limit.stores.redis.server import RedisServer

from .bench import Bench

BUDGET = {"day": 0.1, "run": 0.06, "run_id": "shared", "zone": "UTC"}


def test_machines_never_spend_more_than_one_could(server: RedisServer) -> None:
    machines = [Bench.of(BUDGET, server.url) for _ in range(3)]

    async def agent(bench: Bench, name: str) -> int:
        passed = 0
        while True:
            try:
                await bench.call(60, agent=name)  # 0.6 cents of the cent that is reserved
            except CallRefused:
                return passed
            passed += 1

    async def all_of_them() -> list[int]:
        return await asyncio.gather(*(agent(bench, f"a{n}") for bench in machines for n in range(4)))

    passed = asyncio.run(all_of_them())
    for bench in machines:
        bench.limiters.close()
    assert 6 <= sum(passed) <= 10  # 6 cents are ten such calls
