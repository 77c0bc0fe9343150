"""A fault of ours while calls wait: whoever waits is told, so that it can go on by another limiter."""

from __future__ import annotations

import asyncio

import pytest

from massgen_plugins.quota import MINUTE, Domain, Kind, Limit, PoolRules
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.reservation import Ask
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.worker import AtOnce
from massgen_plugins.testing.virtual_time import virtual_time

RULES = PoolRules((Limit(Kind.REQUESTS, 1, MINUTE),), cooldown_mode="off")


@pytest.mark.parametrize("quick", [True, False])
def test_nobody_hangs_when_a_decision_fails(quick: bool) -> None:
    broken = False

    def rules_of(_):
        if broken:
            raise ValueError("broken")
        return RULES

    async def main() -> None:
        nonlocal broken
        domain = limiter.domain(Domain("gemini", "project"))
        asks = [Ask(("model",), {Kind.REQUESTS: 1}, await domain.tick(), call=n) for n in range(3)]
        await domain.acquire(asks[0])
        waiting = [asyncio.create_task(domain.acquire(ask)) for ask in asks[1:]]
        await asyncio.sleep(5)
        broken = True
        for result in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(result, ValueError)
        broken = False
        await asyncio.sleep(70)
        await asyncio.wait_for(domain.acquire(Ask(("model",), {Kind.REQUESTS: 1}, clock.tick())), 1)

    with virtual_time() as clock:
        store = MemoryStore(clock.tick)
        store.quick = quick
        limiter = Limiter(store, rules_of, worker=AtOnce())
        clock.run(main())
