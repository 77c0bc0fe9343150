"""The limiter in virtual time, as its callers and the server see it."""

from __future__ import annotations

import asyncio
import random

import pytest

from massgen_plugins.errors import CallRefused
from massgen_plugins.quota import (
    ACCOUNT_POOL,
    MINUTE,
    NANOSECONDS,
    Amounts,
    CalendarDay,
    Domain,
    Kind,
    Limit,
    Pool,
    PoolRules,
    Sliding,
)
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.reservation import NORMAL, URGENT, Ask, Booking, Reservation
from massgen_plugins.rate_limit.stores.base import Store
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from massgen_plugins.rate_limit.stores.worker import AtOnce
from massgen_plugins.rate_limit.tickets import RENEWAL
from massgen_plugins.rate_limit.verdict import LimitView
from massgen_plugins.rate_limit.waiter import WaitInfo
from massgen_plugins.testing.virtual_time import VirtualClock, virtual_time

DOMAIN = Domain("gemini", "project")
MODEL = "gemini-2.5-flash"
ONE = {Kind.REQUESTS: 1}
ZONE = "America/Los_Angeles"


def rules(rpm: int = 9, **more) -> PoolRules:
    return PoolRules(limits=(Limit(Kind.REQUESTS, rpm, MINUTE),), cooldown_mode="off", zone=ZONE, **more)


LATE = 1_790_058_800 * NANOSECONDS  # some minutes before midnight in Los Angeles
NOON = 1_790_000_000 * NANOSECONDS


class Stage:
    """One domain of a limiter, and what people see of it.

    Attributes:
        rules: What holds from now on.
        waits: The waits that have begun.
    """

    def __init__(self, store: Store, clock: VirtualClock, rules_in_force: PoolRules) -> None:
        self.rules, self.waits = rules_in_force, list[WaitInfo]()
        self.limiter = Limiter(store, self._rules_of, self.waits.append, worker=AtOnce())
        self.domain = self.limiter.domain(DOMAIN)
        self._clock = clock

    def _rules_of(self, pool: Pool) -> PoolRules:
        assert pool == Pool(DOMAIN, MODEL)
        return self.rules

    async def acquire(self, amounts: Amounts = ONE, *, urgent: bool = False) -> Reservation:
        priority = URGENT if urgent else NORMAL
        return await self.domain.acquire(Ask((MODEL,), amounts, self._clock.tick(), priority, call=object()))

    def view(self) -> list[LimitView]:
        return self.domain.queue.read(lambda state, now: state.pool(MODEL).view(now))

    def waiting(self) -> int:
        """How many tickets there are in the shared queue, and waiters here."""
        queue = self.domain.queue
        return len(queue._waiters) + queue.read(lambda state, _: len(list(state.tickets)))


@pytest.fixture(params=["memory", "sqlite", "shared", "slow"])
def make(request, tmp_path):
    """Makes limiters: alone, over a file, beside others, and over a store that only a worker may use."""
    stores: list[Store] = []

    def make_limiter(clock: VirtualClock, rules_in_force: PoolRules, wall: int = NOON) -> Stage:
        def now() -> int:
            return wall + clock.tick()

        store: Store
        if request.param == "sqlite":
            path = tmp_path / "quota.sqlite3"
            store = SqliteStore(path, since_boot=clock.tick, boot=lambda: "boot", wall=now)
        else:
            store = MemoryStore(clock.tick, now, shared=request.param != "memory")
            store.quick = request.param != "slow"
        stores.append(store)
        return Stage(store, clock, rules_in_force)

    yield make_limiter
    for store in stores:
        store.close()


def worst(arrivals: list[float], window: float = 60.0) -> int:
    return max(sum(start <= each < start + window for each in arrivals) for start in arrivals)


@pytest.mark.parametrize("jitter", [0.0, 0.15, 1.5])
def test_no_window_at_the_server_ever_holds_more_than_the_limit(make, jitter: float) -> None:
    chance = random.Random(7)
    arrivals: list[float] = []

    async def call(limiter: Stage, clock: VirtualClock) -> None:
        ticket = await limiter.acquire()
        ticket.written()
        await asyncio.sleep(chance.uniform(0, jitter))
        arrivals.append(clock.seconds())
        await asyncio.sleep(chance.uniform(0.02, 4))
        ticket.answered()

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
            ticket = await limiter.acquire()
            left.append(clock.seconds())
            await asyncio.sleep(0.3)
            ticket.answered()

        async def main() -> None:
            await asyncio.gather(*(call() for _ in range(6)))

        start = clock.seconds()
        clock.run(main())
    assert [round(each - start, 1) for each in left] == [0.0, 0.0, 60.3, 60.3, 120.6, 120.6]


def test_in_a_short_window_too_and_an_answer_alone_is_no_reason_to_ask(make) -> None:
    with virtual_time() as clock:
        limits = (Limit(Kind.REQUESTS, 5, Sliding(2 * NANOSECONDS)),)
        limiter = make(clock, PoolRules(limits=limits, cooldown_mode="off"))
        left: list[float] = []
        questions: list[float] = []
        ask = limiter.domain.queue.replica.transact

        def counted(*arguments, **options):
            questions.append(clock.seconds())
            return ask(*arguments, **options)

        limiter.domain.queue.replica.transact = counted

        async def call() -> None:
            ticket = await limiter.acquire()
            left.append(clock.seconds())
            await asyncio.sleep(0.04)
            ticket.answered()

        async def main() -> None:
            await asyncio.gather(*(call() for _ in range(20)))

        start = clock.seconds()
        clock.run(main())
    expected = [round(2.04 * (number // 5), 2) for number in range(20)]
    assert [round(each - start, 2) for each in left] == expected
    assert len([at for at in questions if at > start + 1]) <= 2 * 3  # two in each further window


def test_first_come_first_served_and_a_large_request_is_not_starved(make) -> None:
    with virtual_time() as clock:
        limit = Limit(Kind.INPUT_TOKENS, 100, MINUTE)
        limiter = make(clock, PoolRules(limits=(limit,), cooldown_mode="off"))
        order: list[str] = []

        async def call(name: str, tokens: int) -> None:
            ticket = await limiter.acquire({Kind.INPUT_TOKENS: tokens})
            order.append(name)
            ticket.answered()

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
            (await limiter.acquire(urgent=urgent)).answered()
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
        limiter = make(clock, PoolRules(limits=(Limit(Kind.REQUESTS, 1, Sliding(600 * NANOSECONDS)),)))

        async def main() -> None:
            (await limiter.acquire()).answered()
            with pytest.raises(CallRefused):
                await limiter.acquire(urgent=True)

        clock.run(main())


def test_settling_gives_back_at_once_and_twice_changes_nothing(make) -> None:
    with virtual_time() as clock:
        limit = Limit(Kind.INPUT_TOKENS, 100, MINUTE)
        limiter = make(clock, PoolRules(limits=(limit,), cooldown_mode="off"))

        async def main() -> float:
            first = await limiter.acquire({Kind.INPUT_TOKENS: 100})
            first.answered()
            waiting = asyncio.create_task(limiter.acquire({Kind.INPUT_TOKENS: 60}))
            await asyncio.sleep(5)
            first.settle({Kind.INPUT_TOKENS: 40})
            first.settle({Kind.INPUT_TOKENS: 40})
            await waiting
            return clock.seconds()

        start = clock.seconds()
        assert clock.run(main()) - start == pytest.approx(5, abs=0.01)
        assert limiter.view()[0].used == 100


def test_cancelling_a_waiter_leaves_the_queue_right(make) -> None:
    with virtual_time() as clock:
        limiter = make(clock, rules(rpm=1))

        async def main() -> list[float]:
            (await limiter.acquire()).answered()
            first, second = (asyncio.create_task(limiter.acquire()) for _ in range(2))
            await asyncio.sleep(1)
            first.cancel()
            ticket = await second
            return [clock.seconds(), ticket.booking.begun]

        start = clock.seconds()
        finished, _ = clock.run(main())
        assert finished - start == pytest.approx(60, abs=0.2)
        assert limiter.waiting() == 0


def test_a_cancelled_winner_gives_its_place_back(make) -> None:
    with virtual_time() as clock:
        limiter = make(clock, rules(rpm=1))

        async def main() -> None:
            ticket = await limiter.acquire()
            waiting = asyncio.create_task(limiter.acquire())
            await asyncio.sleep(0.1)
            ticket.release()  # it wins at once, and is cancelled in the same step
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await asyncio.wait_for(limiter.acquire(), 1)

        clock.run(main())


def test_a_wait_longer_than_max_wait_is_refused_at_once(make) -> None:
    with virtual_time() as clock:
        limiter = make(clock, rules(rpm=1, max_wait=90 * NANOSECONDS))

        async def main() -> None:
            (await limiter.acquire()).answered()
            accepted = asyncio.create_task(limiter.acquire())
            await asyncio.sleep(0)
            with pytest.raises(CallRefused, match=r"2 min, longer than the 1 min 30 s"):
                await limiter.acquire()
            (await accepted).answered()

        clock.run(main())


def test_a_spent_day_is_told_at_once_with_its_reset(make) -> None:
    day = Limit(Kind.REQUESTS, 2, CalendarDay(ZONE))
    with virtual_time() as clock:
        limiter = make(clock, PoolRules(limits=(day,), cooldown_mode="off", zone=ZONE))

        async def main() -> None:
            for _ in range(2):
                (await limiter.acquire()).answered()
            with pytest.raises(CallRefused, match=r"daily limit of 2 requests .* resets at") as refusal:
                await limiter.acquire()
            assert refusal.value.resets_at is not None

        start = clock.seconds()
        clock.run(main())
        assert clock.seconds() - start < 0.001


def test_a_day_can_be_waited_for(make) -> None:
    day = Limit(Kind.REQUESTS, 1, CalendarDay(ZONE))
    with virtual_time() as clock:
        limiter = make(
            clock, PoolRules(limits=(day,), cooldown_mode="off", zone=ZONE, wait_for_day=True), wall=LATE
        )

        async def main() -> float:
            (await limiter.acquire()).answered()
            resets = limiter.view()[0].resets / NANOSECONDS
            await limiter.acquire()
            return resets

        start = clock.seconds()
        resets = clock.run(main())
        assert clock.seconds() - start == pytest.approx(resets, abs=3)


def test_a_wait_for_the_next_day_says_how_long_it_is(make) -> None:
    day = Limit(Kind.REQUESTS, 1, CalendarDay(ZONE))
    with virtual_time() as clock:
        limiter = make(clock, PoolRules(limits=(day,), zone=ZONE, wait_for_day=True))

        async def main() -> float:
            (await limiter.acquire()).answered()
            resets = limiter.view()[0].resets / NANOSECONDS
            waiting = asyncio.create_task(limiter.acquire())
            await asyncio.sleep(0.1)
            waiting.cancel()
            with pytest.raises(CallRefused):
                await limiter.acquire(urgent=True)
            return resets

        resets = clock.run(main())
    assert [round(wait.seconds) for wait in limiter.waits] == [round(resets)]
    assert "for the next day" in limiter.waits[0].message


def test_nothing_is_left_of_loops_that_are_gone(make) -> None:
    with virtual_time() as clock:
        limiter = make(clock, rules(rpm=2))

        async def main() -> None:
            await asyncio.gather(*(call() for _ in range(5)))

        async def call() -> None:
            (await limiter.acquire()).answered()

        clock.run(main())
    assert not limiter.domain.queue._timers
    assert not limiter.domain.queue._waiters


def test_who_waits_is_announced_with_reason_place_and_time(make) -> None:
    with virtual_time() as clock:
        limiter = make(clock, rules(rpm=1))

        async def main() -> None:
            (await limiter.acquire()).answered()
            tasks = [asyncio.create_task(limiter.acquire()) for _ in range(2)]
            await asyncio.sleep(0.1)
            for task in tasks:
                task.cancel()

        clock.run(main())
    assert [(wait.place, round(wait.seconds / 60)) for wait in limiter.waits] == [(0, 1), (1, 2)]
    assert "1 requests per minute" in limiter.waits[0].message


def test_limits_changed_while_calls_wait_take_effect(make) -> None:
    with virtual_time() as clock:
        limiter = make(clock, rules(rpm=1))

        async def main() -> None:
            (await limiter.acquire()).answered()
            waiting = asyncio.create_task(limiter.acquire())
            await asyncio.sleep(1)
            limiter.rules = rules(rpm=5)
            await asyncio.wait_for(waiting, 1.1)

        clock.run(main())


@pytest.mark.parametrize("make", ["sqlite", "shared", "slow"], indirect=True)
def test_a_domain_that_is_forgotten_while_calls_wait_is_made_anew_with_its_limits(make) -> None:
    with virtual_time() as clock:
        limiter = make(clock, rules(rpm=2))

        async def main() -> list[bool]:
            for _ in range(2):
                (await limiter.acquire()).answered()
            waiting = [asyncio.create_task(limiter.acquire()) for _ in range(3)]
            await asyncio.sleep(1)
            limiter.domain.queue.replica.forget()
            await asyncio.sleep(RENEWAL / NANOSECONDS + 1)
            done = [task.done() for task in waiting]
            for task in waiting:
                task.cancel()
            return done

        assert clock.run(main()) == [True, True, False]


def test_who_is_refused_for_the_account_is_told_of_which_provider() -> None:
    account = PoolRules((Limit(Kind.REQUESTS, 1, MINUTE),), cooldown_mode="off")
    limits = {MODEL: PoolRules((), max_wait=1), ACCOUNT_POOL: account}
    with virtual_time() as clock:
        store = MemoryStore(clock.tick, clock.tick)
        domain = Limiter(store, lambda pool: limits.get(pool.name), worker=AtOnce()).domain(DOMAIN)

        async def main() -> None:
            for _ in range(2):
                await domain.acquire(Ask((MODEL, ACCOUNT_POOL), ONE, clock.tick(), call=object()))

        with pytest.raises(CallRefused, match="all models of gemini"):
            clock.run(main())


def test_a_call_that_was_written_keeps_its_stamp() -> None:
    begun = 10**15
    booking = Booking(ONE, frozenset(), begun, NEVER, begun, NEVER, 0, 0)
    call = Reservation(Ask((MODEL,), ONE, begun), booking)
    call.attach(lambda: begun, lambda: Moment(begun, 0), lambda _: None)
    assert call.postpone(begun + 1)
    call.written()
    assert not call.postpone(begun + 10**12)
