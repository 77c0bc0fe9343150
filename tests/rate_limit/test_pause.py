"""A pause by the user: no call is sent, no turn ends, and everybody keeps the place in the queue."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from massgen_plugins.errors import CallRefused
from massgen_plugins.quota import ACCOUNT_POOL, MINUTE, NANOSECONDS, Domain, Kind, Limit, Pool, PoolRules
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.worker import AtOnce
from massgen_plugins.rate_limit.verdict import Reason
from massgen_plugins.rate_limit.waiter import WaitInfo
from massgen_plugins.testing.virtual_time import VirtualClock, virtual_time

DOMAIN = Domain("gemini", "project")
ONE = {Kind.REQUESTS: 1}
RULES = PoolRules((Limit(Kind.REQUESTS, 2, MINUTE),), cooldown_mode="off", max_wait=100 * NANOSECONDS)
CLOSED = replace(RULES, limits=(Limit(Kind.REQUESTS, 0, MINUTE),))


class Call:
    """What the limiter is asked for."""


class Stage:
    """Two limiters that share a store, as two processes do; what holds is the same for both."""

    def __init__(self, clock: VirtualClock, *, shared: bool) -> None:
        self.clock = clock
        self.rules: dict[str, PoolRules] = {}
        self.waits = list[WaitInfo]()
        store = MemoryStore(clock.tick, clock.tick, shared=shared)
        limiters = [Limiter(store, self._rules_of, self.waits.append, worker=AtOnce()) for _ in range(2)]
        self.first, self.second = (each.domain(DOMAIN) for each in limiters)
        self.left: list[tuple[str, float]] = []
        self._begun = clock.seconds()

    def _rules_of(self, pool: Pool) -> PoolRules | None:
        return self.rules.get(pool.name)

    def pause(self, model: str, *, paused: bool = True) -> None:
        self.rules[model] = replace(self.rules[model], paused=paused)

    async def call(
        self, name: str, model: str = "flash", *, by: object = None, call: object = None
    ) -> Reservation:
        domain = by or self.first
        ask = Ask((model, ACCOUNT_POOL), ONE, self.clock.tick(), call=call or Call())
        got = await domain.acquire(ask)
        self.left.append((name, round(self.clock.seconds() - self._begun)))
        got.written()
        got.answered()
        return got


@pytest.fixture(params=[False, True], ids=["alone", "shared"])
def stage(request):
    with virtual_time() as clock:
        made = Stage(clock, shared=request.param)
        made.rules = {"flash": RULES, "pro": RULES}
        yield made


def test_nothing_leaves_while_it_is_paused_and_the_next_second_after_it_does(stage) -> None:
    async def main() -> None:
        stage.pause("flash")
        calls = [asyncio.ensure_future(stage.call(name)) for name in "ab"]
        await asyncio.sleep(30)
        assert stage.left == []
        stage.pause("flash", paused=False)
        await asyncio.gather(*calls)

    stage.clock.run(main())
    assert [name for name, _ in stage.left] == ["a", "b"]
    assert stage.left[0][1] <= 31


def test_other_models_of_the_account_go_on(stage) -> None:
    async def main() -> None:
        stage.pause("flash")
        waiting = asyncio.ensure_future(stage.call("a"))
        await asyncio.sleep(1)
        await stage.call("b", "pro")
        assert stage.left == [("b", 1)]
        waiting.cancel()

    stage.clock.run(main())


def test_max_wait_stands_still(stage) -> None:
    """Longer than max_wait allows, before and after the pause began; also over a second attempt."""

    async def main() -> None:
        again = Call()
        for name in "ab":
            await stage.call(name)
        waiting = asyncio.ensure_future(stage.call("c", call=again))
        await asyncio.sleep(20)
        stage.pause("flash")
        await asyncio.sleep(500)
        assert not waiting.done()
        late = asyncio.ensure_future(stage.call("d"))
        await asyncio.sleep(300)
        stage.pause("flash", paused=False)
        first = await waiting
        await late
        retried = Ask(first.ask.pools, ONE, first.ask.arrival, call=again, paused=first.ask.paused)
        await stage.first.acquire(retried)

    stage.clock.run(main())
    assert [name for name, _ in stage.left] == ["a", "b", "c", "d"]
    assert stage.left[3][1] <= 822


def test_waiting_still_has_an_end_after_a_pause(stage) -> None:
    async def main() -> None:
        for name in "ab":
            await stage.call(name)
        stage.pause("flash")
        waiting = [asyncio.ensure_future(stage.call(name)) for name in "cdefgh"]
        await asyncio.sleep(200)
        stage.pause("flash", paused=False)
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert [isinstance(each, CallRefused) for each in ended] == [False, False, False, False, True, True]

    stage.clock.run(main())


@pytest.mark.parametrize("after", [RULES, CLOSED], ids=["a spent minute", "a limit of none"])
def test_no_turn_ends_whatever_else_stands_in_the_way(stage, after: PoolRules) -> None:
    async def main() -> None:
        stage.rules["flash"] = replace(after, paused=True)
        waiting = asyncio.ensure_future(stage.call("a"))
        await asyncio.sleep(2000)
        assert not waiting.done()
        stage.rules["flash"] = RULES
        await waiting

    stage.clock.run(main())


@pytest.mark.parametrize("stage", [True], ids=["shared"], indirect=True)
def test_the_queue_is_the_same_after_it_across_processes(stage) -> None:
    stage.rules["flash"] = replace(RULES, max_wait=900 * NANOSECONDS)

    async def main() -> None:
        for name in "ab":
            await stage.call(name)
        calls = []
        for name, by in zip("cdef", (stage.first, stage.second) * 2, strict=True):
            calls.append(asyncio.ensure_future(stage.call(name, by=by)))
            await asyncio.sleep(0.1)
        stage.pause("flash")
        await asyncio.sleep(61)
        calls.append(asyncio.ensure_future(stage.call("g", by=stage.second)))
        await asyncio.sleep(20)
        stage.pause("flash", paused=False)
        for _ in range(4):  # as a wake-up does: whoever leaves wakes the next
            for each in (stage.second, stage.first):
                each.queue.serve()
                await asyncio.sleep(0)
        await asyncio.gather(*calls)

    stage.clock.run(main())
    assert [name for name, _ in stage.left] == list("abcdefg")


def test_all_who_wait_for_a_paused_model_are_told_at_once_whoever_else_waits(stage) -> None:
    async def main() -> None:
        for model in ("flash", "pro"):
            for name in "ab":
                await stage.call(name, model)
        waiting = [asyncio.ensure_future(stage.call(name)) for name in "cd"]
        await asyncio.sleep(1)
        waiting.append(asyncio.ensure_future(stage.call("e", "pro")))
        await asyncio.sleep(1)
        stage.waits.clear()
        stage.pause("flash")
        await asyncio.sleep(1.5)
        assert [wait.blocker.reason for wait in stage.waits] == [Reason.PAUSED] * 2
        stage.pause("flash", paused=False)
        await asyncio.gather(*waiting)

    stage.clock.run(main())


def test_everybody_is_told_of_the_pause_once_and_of_its_end(stage) -> None:
    async def main() -> None:
        for name in "ab":
            await stage.call(name)
        calls = [asyncio.ensure_future(stage.call(name)) for name in "cd"]
        await asyncio.sleep(1)
        stage.pause("flash")
        await asyncio.sleep(4)
        calls.append(asyncio.ensure_future(stage.call("e")))
        await asyncio.sleep(4)
        stage.pause("flash", paused=False)
        await asyncio.sleep(2)
        reasons = [wait.blocker.reason for wait in stage.waits]
        assert reasons.count(Reason.PAUSED) == 3
        assert reasons[-1] is not Reason.PAUSED
        assert "massgen-rl resume" in next(
            w.message for w in stage.waits if w.blocker.reason is Reason.PAUSED
        )
        for call in calls:
            call.cancel()

    stage.clock.run(main())
