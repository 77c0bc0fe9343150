"""Places that calls hold until they are over, however long that takes and whoever let them go."""

from __future__ import annotations

import asyncio
import threading

from massgen_plugins.quota import HELD, NANOSECONDS, Domain, Kind, Limit, PoolRules
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.reservation import Ask
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.worker import AtOnce
from massgen_plugins.testing.virtual_time import virtual_time

ONE_AT_A_TIME = PoolRules(
    (Limit(Kind.CONCURRENT, 1, HELD),), cooldown_mode="off", max_wait=3600 * NANOSECONDS
)


class InAThread(AtOnce):
    """A worker whose jobs run in another thread, one after the other."""

    def submit(self, job):
        results = []
        thread = threading.Thread(target=lambda: results.append(super(InAThread, self).submit(job)))
        thread.start()
        thread.join()
        return results[0]


class SlowStore(MemoryStore):
    """As Redis: an event loop may not use it itself."""

    quick = False


def test_a_call_that_a_worker_thread_let_go_keeps_its_place_for_minutes() -> None:
    with virtual_time() as clock:
        worker = InAThread()
        store = SlowStore(clock.tick, clock.tick, shared=True)
        domain = Limiter(store, lambda _: ONE_AT_A_TIME, worker=worker).domain(Domain("vllm", "here"))

        def ask() -> Ask:
            return Ask(("model",), {Kind.CONCURRENT: 1}, call=object())

        async def play() -> None:
            first = await domain.acquire(ask())
            second = asyncio.create_task(domain.acquire(ask()))
            for _ in range(20):
                await asyncio.sleep(10)
                worker.do_chores()
            assert not second.done()
            first.finished()
            await asyncio.sleep(2)
            assert second.done()

        clock.run(play())


def test_places_that_are_given_back_soon_after_each_other_are_free_soon_after_each_other() -> None:
    """Of two calls that end a tenth of a second apart, the first does not wait for the second."""
    with virtual_time() as clock:
        rules = PoolRules((Limit(Kind.CONCURRENT, 2, HELD),), cooldown_mode="off")
        store = MemoryStore(clock.tick)
        domain = Limiter(store, lambda _: rules, worker=AtOnce()).domain(Domain("vllm", "here"))

        async def play() -> int:
            calls = [await domain.acquire(Ask(("model",), {Kind.CONCURRENT: 1})) for _ in range(2)]
            waiting = asyncio.create_task(domain.acquire(Ask(("model",), {Kind.CONCURRENT: 1})))
            await asyncio.sleep(1)
            ended = clock.tick()
            calls[0].finished()
            await asyncio.sleep(0.1)
            calls[1].finished()
            await waiting
            return clock.tick() - ended

        assert clock.run(play()) <= 0.161 * NANOSECONDS
