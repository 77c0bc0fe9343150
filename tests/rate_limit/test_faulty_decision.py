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


def test_what_a_failed_change_has_booked_without_a_store_is_not_booked_again() -> None:
    """The second time it would take from others what the call no longer has."""
    limit = PoolRules((Limit(Kind.INPUT_TOKENS, 100, MINUTE),), cooldown_mode="off")

    def fail(*_: object) -> None:
        raise ValueError("broken")

    async def main() -> None:
        domain = limiter.domain(Domain("gemini", "project"))
        await domain.acquire(Ask(("model",), {Kind.INPUT_TOKENS: 50}))
        call = await domain.acquire(Ask(("model",), {Kind.INPUT_TOKENS: 40}))
        call.settle({Kind.INPUT_TOKENS: 10})
        call.settle({Kind.INPUT_TOKENS: 20})
        for _ in range(3):
            with pytest.raises(ValueError, match="broken"):
                domain.queue.read(fail)
        view = domain.queue.read(lambda state, now: state.pool("model").view(now))
        assert [row.used for row in view] == [70]

    with virtual_time() as clock:
        limiter = Limiter(MemoryStore(clock.tick), lambda _: limit, worker=AtOnce())
        clock.run(main())
