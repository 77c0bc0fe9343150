"""What an event loop does while the worker waits for a slow store: nothing."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

from massgen_plugins.quota import NANOSECONDS, Domain, Kind, Limit, PoolRules, Sliding
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.reservation import Ask
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.worker import AtOnce
from massgen_plugins.testing.virtual_time import virtual_time

RULES = PoolRules((Limit(Kind.REQUESTS, 1, Sliding(10 * NANOSECONDS)),), cooldown_mode="off")


class _Slow(AtOnce):
    """Does nothing while it is stuck."""

    stuck = False

    def submit(self, job):
        return Future() if self.stuck else super().submit(job)


class _SlowStore(MemoryStore):
    quick = False


def test_a_waiter_does_not_keep_its_loop_busy_while_the_worker_is_stuck() -> None:
    with virtual_time() as clock:
        store = _SlowStore(clock.tick, lambda: 0, shared=True)
        worker = _Slow()
        domain = Limiter(store, lambda _: RULES, worker=worker).domain(Domain("gemini", "project"))
        timers = 0

        async def ask() -> None:
            await domain.acquire(Ask(("model",), {Kind.REQUESTS: 1}, await domain.tick()))

        async def main() -> None:
            nonlocal timers
            await ask()
            waiting = asyncio.create_task(ask())
            await asyncio.sleep(1)
            worker.stuck = True
            loop = asyncio.get_running_loop()
            call_at = loop.call_at

            def counted(*args, **kwargs):
                nonlocal timers
                timers += 1
                assert timers < 1000, "the loop is kept busy"
                return call_at(*args, **kwargs)

            loop.call_at = counted
            await asyncio.sleep(30)  # the waiter is due within
            waiting.cancel()

        clock.run(main())
    assert timers < 60
