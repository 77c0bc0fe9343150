"""The limiter in virtual time, as its callers and the server see it."""

from __future__ import annotations

import asyncio
import random

import pytest

from massgen_plugins.errors import CallRefused
from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Kind, Limit, Scope, ScopeRules, Sliding
from massgen_plugins.rate_limit.limiter import Limiter, Wait
from massgen_plugins.rate_limit.line import RENEWAL
from massgen_plugins.rate_limit.stores.base import Store
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from massgen_plugins.testing.virtual_time import VirtualClock, virtual_time

SCOPE = Scope("gemini", "project", "gemini-2.5-flash")
ONE = {Kind.REQUESTS: 1}
ZONE = "America/Los_Angeles"


def rules(rpm: int = 9, **more) -> ScopeRules:
    return ScopeRules(limits=(Limit(Kind.REQUESTS, rpm, MINUTE),), cooldown_mode="off", zone=ZONE, **more)


LATE = 1_790_058_800 * NANOSECONDS  # some minutes before midnight in Los Angeles
NOON = 1_790_000_000 * NANOSECONDS


@pytest.fixture(params=["memory", "sqlite"])
def make(request, tmp_path):
    """Makes limiters over every store that keeps state by itself."""
    stores: list[Store] = []

    def make_limiter(
        clock: VirtualClock, scope_rules: ScopeRules, waits: list[Wait] | None = None, wall: int = NOON
    ) -> Limiter:
        def now() -> int:
            return wall + clock.tick()

        if request.param == "memory":
            store: Store = MemoryStore(clock.tick, now)
        else:
            store = SqliteStore(
                tmp_path / "scopes.sqlite3", since_boot=clock.tick, boot=lambda: "boot", wall=now
            )
        stores.append(store)
        limiter = Limiter(store, on_wait=None if waits is None else lambda wait, _: waits.append(wait))
        limiter.configure(SCOPE, scope_rules)
        return limiter

    yield make_limiter
    for store in stores:
        store.close()


def worst(arrivals: list[float], window: float = 60.0) -> int:
    return max(sum(start <= each < start + window for each in arrivals) for start in arrivals)


@pytest.mark.parametrize("jitter", [0.0, 0.15, 1.5])
def test_no_window_at_the_server_ever_holds_more_than_the_limit(make, jitter: float) -> None:
    chance = random.Random(7)
    arrivals: list[float] = []

    async def call(limiter: Limiter, clock: VirtualClock) -> None:
        ticket = await limiter.acquire(SCOPE, ONE)
        limiter.written(ticket)
        await asyncio.sleep(chance.uniform(0, jitter))
        arrivals.append(clock.seconds())
        await asyncio.sleep(chance.uniform(0.02, 4))
        limiter.arrived(ticket)

    with virtual_time() as clock:
        limiter = make(clock, rules())

        async def main() -> None:
            await asyncio.gather(*(call(limiter, clock) for _ in range(100)))

        clock.run(main())
    assert len(arrivals) == 100
    assert worst(arrivals) == 9


def test_the_head_leaves_as_soon_as_it_fits(make) -> None:
    with virtual_time() as clock:
        limiter = make(clock, rules(rpm=2))
        left: list[float] = []

        async def call() -> None:
            ticket = await limiter.acquire(SCOPE, ONE)
            left.append(clock.seconds())
            await asyncio.sleep(0.3)
            limiter.arrived(ticket)

        async def main() -> None:
            await asyncio.gather(*(call() for _ in range(6)))

        start = clock.seconds()
        clock.run(main())
    assert [round(each - start, 1) for each in left] == [0.0, 0.0, 60.3, 60.3, 120.6, 120.6]


def test_in_a_short_window_too_and_an_answer_alone_is_no_reason_to_ask(make) -> None:
    with virtual_time() as clock:
        limits = (Limit(Kind.REQUESTS, 5, Sliding(2 * NANOSECONDS)),)
        limiter = make(clock, ScopeRules(limits=limits, cooldown_mode="off"))
        left: list[float] = []
        questions: list[float] = []
        ask = limiter.store.admit

        async def counted(*arguments):
            questions.append(clock.seconds())
            return await ask(*arguments)

        limiter.store.admit = counted

        async def call() -> None:
            ticket = await limiter.acquire(SCOPE, ONE)
            left.append(clock.seconds())
            await asyncio.sleep(0.04)
            limiter.arrived(ticket)

        async def main() -> None:
            await asyncio.gather(*(call() for _ in range(20)))

        start = clock.seconds()
        clock.run(main())
    expected = [round(2.04 * (number // 5), 2) for number in range(20)]
    assert [round(each - start, 2) for each in left] == expected
    assert len(questions) <= 6


def test_first_come_first_served_and_a_large_request_is_not_starved(make) -> None:
    with virtual_time() as clock:
        limit = Limit(Kind.INPUT_TOKENS, 100, MINUTE)
        limiter = make(clock, ScopeRules(limits=(limit,), cooldown_mode="off"))
        order: list[str] = []

        async def call(name: str, tokens: int) -> None:
            ticket = await limiter.acquire(SCOPE, {Kind.INPUT_TOKENS: tokens})
            order.append(name)
            limiter.arrived(ticket)

        async def main() -> None:
            async with asyncio.TaskGroup() as group:
                for name, tokens in [("a", 50), ("big", 80), ("b", 10), ("c", 10)]:
                    group.create_task(call(name, tokens))
                    await asyncio.sleep(0.001)

        clock.run(main())
    assert order == ["a", "big", "b", "c"]


def test_an_urgent_call_goes_before_all_others(make) -> None:
    with virtual_time() as clock:
        limiter = make(clock, rules(rpm=1))
        order: list[str] = []

        async def call(name: str, urgent: bool = False) -> None:
            limiter.arrived(await limiter.acquire(SCOPE, ONE, urgent=urgent))
            order.append(name)

        async def main() -> None:
            async with asyncio.TaskGroup() as group:
                for name in ("a", "b", "c"):
                    group.create_task(call(name))
                    await asyncio.sleep(0.001)
                group.create_task(call("urgent", urgent=True))

        clock.run(main())
    assert order == ["a", "urgent", "b", "c"]


def test_an_urgent_call_blocks_its_loop_for_little_more_than_a_minute(make) -> None:
    with virtual_time() as clock:
        limiter = make(clock, ScopeRules(limits=(Limit(Kind.REQUESTS, 1, Sliding(600 * NANOSECONDS)),)))

        async def main() -> None:
            limiter.arrived(await limiter.acquire(SCOPE, ONE))
            with pytest.raises(CallRefused):
                await limiter.acquire(SCOPE, ONE, urgent=True)

        clock.run(main())


def test_settling_gives_back_at_once_and_twice_changes_nothing(make) -> None:
    with virtual_time() as clock:
        limit = Limit(Kind.INPUT_TOKENS, 100, MINUTE)
        limiter = make(clock, ScopeRules(limits=(limit,), cooldown_mode="off"))

        async def main() -> float:
            first = await limiter.acquire(SCOPE, {Kind.INPUT_TOKENS: 100})
            limiter.arrived(first)
            waiting = asyncio.create_task(limiter.acquire(SCOPE, {Kind.INPUT_TOKENS: 60}))
            await asyncio.sleep(5)
            limiter.settle(first, {Kind.INPUT_TOKENS: 40})
            limiter.settle(first, {Kind.INPUT_TOKENS: 40})
            await waiting
            return clock.seconds()

        start = clock.seconds()
        assert clock.run(main()) - start == pytest.approx(5, abs=0.01)
        assert limiter.store.view()[0].usage[0].used == 100


def test_cancelling_a_waiter_leaves_the_queue_right(make) -> None:
    with virtual_time() as clock:
        limiter = make(clock, rules(rpm=1))

        async def main() -> list[float]:
            limiter.arrived(await limiter.acquire(SCOPE, ONE))
            first, second = (asyncio.create_task(limiter.acquire(SCOPE, ONE)) for _ in range(2))
            await asyncio.sleep(1)
            first.cancel()
            ticket = await second
            return [clock.seconds(), ticket.begun]

        start = clock.seconds()
        finished, _ = clock.run(main())
        assert finished - start == pytest.approx(60, abs=0.2)
        assert limiter.store.view()[0].waiting == 0


def test_a_cancelled_winner_gives_its_place_back(make) -> None:
    with virtual_time() as clock:
        limiter = make(clock, rules(rpm=1))

        async def main() -> None:
            ticket = await limiter.acquire(SCOPE, ONE)
            waiting = asyncio.create_task(limiter.acquire(SCOPE, ONE))
            await asyncio.sleep(0.1)
            limiter.release(ticket)  # the lane will be pumped, and the winner cancelled in the same step
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await asyncio.wait_for(limiter.acquire(SCOPE, ONE), 1)

        clock.run(main())


def test_a_wait_longer_than_max_wait_is_refused_at_once(make) -> None:
    with virtual_time() as clock:
        limiter = make(clock, rules(rpm=1, max_wait=90 * NANOSECONDS))

        async def main() -> None:
            limiter.arrived(await limiter.acquire(SCOPE, ONE))
            accepted = asyncio.create_task(limiter.acquire(SCOPE, ONE))
            await asyncio.sleep(0)
            with pytest.raises(CallRefused, match=r"2 min, longer than the 1 min 30 s"):
                await limiter.acquire(SCOPE, ONE)
            limiter.arrived(await accepted)

        clock.run(main())


def test_a_spent_day_is_told_at_once_with_its_reset(make) -> None:
    day = Limit(Kind.REQUESTS, 2, CalendarDay(ZONE))
    with virtual_time() as clock:
        limiter = make(clock, ScopeRules(limits=(day,), cooldown_mode="off", zone=ZONE))

        async def main() -> None:
            for _ in range(2):
                limiter.arrived(await limiter.acquire(SCOPE, ONE))
            with pytest.raises(CallRefused, match=r"daily limit of 2 requests .* resets at") as refusal:
                await limiter.acquire(SCOPE, ONE)
            assert refusal.value.resets_at is not None

        start = clock.seconds()
        clock.run(main())
        assert clock.seconds() - start < 0.001


def test_a_day_can_be_waited_for(make) -> None:
    day = Limit(Kind.REQUESTS, 1, CalendarDay(ZONE))
    with virtual_time() as clock:
        limiter = make(
            clock, ScopeRules(limits=(day,), cooldown_mode="off", zone=ZONE, wait_for_day=True), wall=LATE
        )

        async def main() -> float:
            limiter.arrived(await limiter.acquire(SCOPE, ONE))
            resets = limiter.store.view()[0].usage[0].resets / NANOSECONDS
            await limiter.acquire(SCOPE, ONE)
            return resets

        start = clock.seconds()
        resets = clock.run(main())
        assert clock.seconds() - start == pytest.approx(resets, abs=3)


def test_a_wait_for_the_next_day_says_how_long_it_is(make) -> None:
    day = Limit(Kind.REQUESTS, 1, CalendarDay(ZONE))
    waits: list[Wait] = []
    with virtual_time() as clock:
        limiter = make(clock, ScopeRules(limits=(day,), zone=ZONE, wait_for_day=True), waits)

        async def main() -> float:
            limiter.arrived(await limiter.acquire(SCOPE, ONE))
            resets = limiter.store.view()[0].usage[0].resets / NANOSECONDS
            waiting = asyncio.create_task(limiter.acquire(SCOPE, ONE))
            await asyncio.sleep(0.1)
            waiting.cancel()
            with pytest.raises(CallRefused):
                await limiter.acquire(SCOPE, ONE, urgent=True)
            return resets

        resets = clock.run(main())
    assert [round(wait.seconds) for wait in waits] == [round(resets)]
    assert "for the next day" in waits[0].message


def test_nothing_is_left_of_loops_that_are_gone(make) -> None:
    with virtual_time() as clock:
        limiter = make(clock, rules(rpm=2))

        async def main() -> None:
            await asyncio.gather(*(call() for _ in range(5)))

        async def call() -> None:
            limiter.arrived(await limiter.acquire(SCOPE, ONE))

        clock.run(main())
    assert not limiter._desks[SCOPE]._lanes


def test_who_waits_is_announced_with_reason_place_and_time(make) -> None:
    waits: list[Wait] = []
    with virtual_time() as clock:
        limiter = make(clock, rules(rpm=1), waits)

        async def main() -> None:
            limiter.arrived(await limiter.acquire(SCOPE, ONE))
            tasks = [asyncio.create_task(limiter.acquire(SCOPE, ONE)) for _ in range(2)]
            await asyncio.sleep(0.1)
            for task in tasks:
                task.cancel()

        clock.run(main())
    assert [(wait.place, round(wait.seconds / 60)) for wait in waits] == [(0, 1), (1, 2)]
    assert "1 requests per minute" in waits[0].message


def test_limits_changed_while_calls_wait_take_effect(make) -> None:
    with virtual_time() as clock:
        limiter = make(clock, rules(rpm=1))

        async def main() -> None:
            limiter.arrived(await limiter.acquire(SCOPE, ONE))
            waiting = asyncio.create_task(limiter.acquire(SCOPE, ONE))
            await asyncio.sleep(1)
            limiter.configure(SCOPE, rules(rpm=5))
            await asyncio.wait_for(waiting, 0.5)

        clock.run(main())


def test_a_scope_that_is_forgotten_while_calls_wait_is_made_anew_with_its_limits(make) -> None:
    with virtual_time() as clock:
        limiter = make(clock, rules(rpm=2))

        async def main() -> list[bool]:
            for _ in range(2):
                limiter.arrived(await limiter.acquire(SCOPE, ONE))
            waiting = [asyncio.create_task(limiter.acquire(SCOPE, ONE)) for _ in range(3)]
            await asyncio.sleep(1)
            limiter.store.forget(SCOPE)
            await asyncio.sleep(RENEWAL / NANOSECONDS + 1)
            done = [task.done() for task in waiting]
            for task in waiting:
                task.cancel()
            return done

        assert clock.run(main()) == [True, True, False]
