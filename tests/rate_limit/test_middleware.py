"""The limiter as middleware, driven as the wire drives it, against a server that counts; in virtual time."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from email.utils import formatdate

import pytest

from massgen_plugins.errors import CallRefused
from massgen_plugins.events import LimitLearned, PenaltyStarted, ProviderRefused
from massgen_plugins.middleware import (
    Action,
    Announced,
    CallOutcome,
    ModelCall,
    Refusal,
    RefusalKind,
    StatedLimit,
    Usage,
)
from massgen_plugins.quota import (
    ACCOUNT_POOL,
    HELD,
    MINUTE,
    NANOSECONDS,
    CalendarDay,
    Charge,
    Domain,
    Kind,
    Limit,
    Mode,
    Pool,
    PoolRules,
)
from massgen_plugins.rate_limit.estimator import MAX_AMOUNT
from massgen_plugins.rate_limit.limiter import DomainLimiter, Limiter
from massgen_plugins.rate_limit.middleware import RateLimitMiddleware
from massgen_plugins.rate_limit.reservation import Reservation
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.worker import AtOnce
from massgen_plugins.rate_limit.wall_clock import ClockSample
from massgen_plugins.testing.virtual_time import VirtualClock, virtual_time

DOMAIN = Domain("gemini", "project")
MODEL = "gemini-2.5-flash"
OK = CallOutcome(200)


def minute(hint: float, *stated: StatedLimit) -> Refusal:
    return Refusal(RefusalKind.WINDOW, retry_after=hint, limits=stated)


def rules(rpm: int = 9, cooldown: float = 3, mode: str = "probe", tpm: int = 10**6) -> PoolRules:
    limits = (Limit(Kind.REQUESTS, rpm, MINUTE), Limit(Kind.INPUT_TOKENS, tpm, MINUTE))
    return PoolRules(limits=limits, cooldown=int(cooldown * NANOSECONDS), cooldown_mode=mode)


def a_call(
    agent: str = "a",
    tokens: int = 10,
    run: str = "run1",
    pools: tuple[str, ...] = (MODEL,),
    name: str = MODEL,
    **more,
) -> ModelCall:
    charges = {Kind.REQUESTS: Charge(1, Mode.KEPT), Kind.INPUT_TOKENS: Charge(tokens)} | more.pop(
        "charges", {}
    )
    return ModelCall(DOMAIN, pools, MODEL, name, charges, agent, run, **more)


def usage(**amounts: int) -> Usage:
    return Usage(amounts)


class Stage:
    """A middleware over a store, and a server that answers as it is told."""

    def __init__(self, clock: VirtualClock, pool_rules: PoolRules, *, shared: bool = False) -> None:
        self.clock, self.rules, self.events = clock, pool_rules, []
        self.others: dict[str, PoolRules] = {}

        def wall() -> int:
            return 1_790_000_000 * NANOSECONDS + clock.tick()

        self.store = MemoryStore(clock.tick, wall, shared=shared)
        self.limiter = Limiter(self.store, self.rules_of, worker=AtOnce())
        self.fallback = Limiter(MemoryStore(clock.tick, wall), self.rules_of, worker=AtOnce())
        self.middleware = RateLimitMiddleware(self.limiter.domain, self.fallback.domain, self.events.append)
        self.left: list[float] = []
        self.start = clock.seconds()

    def rules_of(self, pool: Pool) -> PoolRules | None:
        return self.rules if pool.name == MODEL else self.others.get(pool.name)

    @property
    def domain(self) -> DomainLimiter:
        return self.limiter.domain(DOMAIN)

    def used(self, pool: str = MODEL) -> list[int]:
        """Of each limit, once the store knows everything."""
        rows = self.domain.queue.read(lambda state, now: state.pool(pool).view(now))
        return [row.used for row in rows]

    def clock_sample(self) -> ClockSample | None:
        self.limiter.flush()
        return self.domain.queue.replica.state.facts.clock

    async def send(
        self,
        call: ModelCall,
        answer: Callable[[], CallOutcome] = lambda: OK,
        latency: float = 0.5,
        *,
        keep: bool = False,
    ) -> Action:
        """One call, sent again as often as the middleware wants; with ``keep`` its answer is still read."""
        while True:
            await self.middleware.before_call(call)
            self.middleware.on_written(call)
            self.left.append(round(self.clock.seconds() - self.start, 2))
            await asyncio.sleep(latency)
            try:
                action = await self.middleware.after_call(call, answer())
            finally:
                if not keep:
                    self.middleware.on_finished(call)
            if action is Action.PASS:
                return action


@pytest.fixture
def clock():
    with virtual_time() as made:
        yield made


def test_a_runs_first_call_leaves_alone_and_the_others_when_its_headers_are_here(clock) -> None:
    stage = Stage(clock, rules())

    async def main() -> None:
        await asyncio.gather(*(stage.send(a_call(name)) for name in "abcdef"))

    clock.run(main())
    assert stage.left == [0.0, 0.5, 0.5, 0.5, 0.5, 0.5]


def test_headers_that_do_not_come_hold_the_others_no_longer_than_the_cooldown(clock) -> None:
    stage = Stage(clock, rules(cooldown=3))

    async def main() -> None:
        await asyncio.gather(stage.send(a_call("a"), latency=20), stage.send(a_call("b")))

    clock.run(main())
    assert stage.left == [0.0, 3.0]


def test_space_keeps_the_cooldown_between_the_first_calls_of_agents(clock) -> None:
    stage = Stage(clock, rules(cooldown=3, mode="space"))

    async def main() -> None:
        await asyncio.gather(*(stage.send(a_call(name)) for name in "abc"))
        await stage.send(a_call("a"))

    clock.run(main())
    assert stage.left == [0.0, 3.0, 6.0, 6.5]


def test_a_dead_key_costs_one_refusal_and_not_one_for_each_agent(clock) -> None:
    stage = Stage(clock, rules())
    dead = CallOutcome(429, Refusal(RefusalKind.PERMANENT, advice="Add credit to the project."))

    async def main() -> list:
        return await asyncio.gather(
            *(stage.send(a_call(name), lambda: dead) for name in "abcdef"), return_exceptions=True
        )

    results = clock.run(main())
    assert len(stage.left) == 1
    assert all(isinstance(each, CallRefused) and "Add credit" in str(each) for each in results)


def test_a_refused_call_is_sent_again_after_the_hint_and_nobody_else_leaves_meanwhile(clock) -> None:
    stage = Stage(clock, rules(mode="off"))
    refusal = minute(20.0, StatedLimit(Kind.REQUESTS, MINUTE, 5))
    answers = iter([CallOutcome(429, refusal), OK])

    async def main() -> None:
        refused = asyncio.create_task(stage.send(a_call("a"), lambda: next(answers)))
        await asyncio.sleep(1)
        await asyncio.gather(refused, stage.send(a_call("b")))

    assert stage.domain.pause_of(MODEL) == 0
    clock.run(main())
    assert stage.left == [0.0, 21.5, 22.0]
    assert [type(event) for event in stage.events] == [ProviderRefused, LimitLearned, PenaltyStarted]
    assert stage.events[-1].seconds == pytest.approx(21, abs=1)


def test_a_pause_of_the_user_does_not_count_as_waiting_even_if_the_call_is_refused_later(clock) -> None:
    free = replace(rules(rpm=1, mode="off"), max_wait=100 * NANOSECONDS)
    stage = Stage(clock, free)
    answers = iter([OK, CallOutcome(429, refusal=minute(30)), OK])

    async def main() -> None:
        await stage.send(a_call())
        waiting = asyncio.create_task(stage.send(a_call(), lambda: next(answers)))
        next(answers)
        stage.rules = replace(free, paused=True)
        await asyncio.sleep(300)
        stage.rules = free
        await waiting

    clock.run(main())
    assert len(stage.left) == 3
    assert stage.left[1] >= 300
    assert stage.left[2] >= stage.left[1] + 30


def test_a_request_that_cannot_be_repeated_is_handed_back(clock) -> None:
    stage = Stage(clock, rules())
    outcome = CallOutcome(429, minute(20.0))
    assert clock.run(stage.send(a_call(repeatable=False), lambda: outcome)) is Action.PASS
    assert len(stage.left) == 1


def test_a_call_that_can_never_pass_ends_with_a_sentence_and_concerns_no_other(clock) -> None:
    stage = Stage(clock, rules(mode="off", tpm=1_000))
    outcome = CallOutcome(400, Refusal(RefusalKind.CALL, advice="Send less."))
    with pytest.raises(CallRefused, match=r"refuses this call to gemini-2\.5-flash\. Send less\."):
        clock.run(stage.send(a_call(tokens=5_000), lambda: outcome))
    clock.run(asyncio.wait_for(stage.send(a_call()), 1))
    assert len(stage.left) == 2


def test_a_call_that_was_never_sent_takes_nothing(clock) -> None:
    stage = Stage(clock, rules(rpm=1, mode="off"))

    async def main() -> None:
        call = a_call()
        await stage.middleware.before_call(call)
        await stage.middleware.after_call(call, CallOutcome(0, sent=False))
        await asyncio.wait_for(stage.send(a_call()), 1)

    clock.run(main())


def test_usage_replaces_the_estimate_however_often_it_is_reported(clock) -> None:
    stage = Stage(clock, rules(mode="off"))

    async def main() -> None:
        call = a_call(tokens=900)
        await stage.send(call, keep=True)
        for tokens in (100, 150, 150):
            stage.middleware.on_usage(call, usage(input_tokens=tokens, output_tokens=77))

    clock.run(main())
    assert stage.used() == [1, 150]


@pytest.mark.parametrize(
    ("reported", "counted"), [(-(10**30), 0), (10**30, MAX_AMOUNT), (1 << 60, MAX_AMOUNT)]
)
def test_numbers_that_cannot_be_true_count_as_what_can(clock, reported: int, counted: int) -> None:
    stage = Stage(clock, rules(mode="off"))

    async def main() -> None:
        call = a_call(tokens=900)
        await stage.send(call, keep=True)
        stage.middleware.on_usage(call, usage(input_tokens=reported))
        assert stage.used() == [1, counted]
        stage.middleware.on_usage(call, usage(input_tokens=150))
        await stage.send(a_call(tokens=reported))

    clock.run(main())
    assert stage.used()[0] <= 2
    assert 0 <= stage.used()[1] <= MAX_AMOUNT


def test_a_call_whose_connection_broke_stays_counted(clock) -> None:
    stage = Stage(clock, rules(mode="off"))

    async def main() -> None:
        await stage.send(a_call(tokens=900), lambda: CallOutcome(0))
        await stage.send(a_call(tokens=100))

    clock.run(main())
    assert stage.used() == [2, 1_000]


def test_a_call_that_failed_at_the_server_stays_counted(clock) -> None:
    stage = Stage(clock, rules(mode="off"))
    clock.run(stage.send(a_call(tokens=900), lambda: CallOutcome(500)))
    assert stage.used() == [1, 900]


def test_estimates_learn_from_what_calls_really_took(clock) -> None:
    stage = Stage(clock, rules(rpm=1_000, mode="off"))

    async def main() -> None:
        for _ in range(30):
            call = a_call(tokens=1_000)
            await stage.send(call, latency=0, keep=True)
            stage.middleware.on_usage(call, usage(input_tokens=500))
        await stage.send(a_call(tokens=1_000), latency=0)

    clock.run(main())
    used = stage.used()[1]
    assert 30 * 500 + 500 <= used <= 30 * 500 + 600


def test_nothing_is_kept_of_calls_that_are_over(clock) -> None:
    stage = Stage(clock, rules(rpm=1_000, mode="off"))

    async def main() -> None:
        for _ in range(20):
            await stage.send(a_call(), latency=0)

    clock.run(main())
    stage.limiter.flush()
    gc.collect()
    assert not stage.middleware._known


DAILY = PoolRules((Limit(Kind.REQUESTS, 9, CalendarDay("UTC")),), cooldown_mode="off", zone="UTC")


def dated(seconds: int | str, **more) -> Callable[[], CallOutcome]:
    date = seconds if isinstance(seconds, str) else formatdate(seconds, usegmt=True)
    return lambda: CallOutcome(more.pop("status", 200), headers={"date": date}, **more)


def test_the_time_of_an_answer_is_observed_once_a_minute(clock) -> None:
    stage, seen = Stage(clock, DAILY), []

    async def main() -> None:
        for wait in (0, 10, 50, 10):
            await asyncio.sleep(wait)
            await stage.send(a_call(), dated(1_800_000_000 + wait * 1_000))
            seen.append(stage.clock_sample().early // NANOSECONDS)

    clock.run(main())
    assert seen == [1_800_000_000, 1_800_000_000, 1_800_050_000, 1_800_050_000]
    sample = stage.clock_sample()
    assert 0.5 * NANOSECONDS <= sample.late - sample.early - NANOSECONDS <= 0.6 * NANOSECONDS


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 21 Sep 1970 14:13:20 GMT", "\ud800" * 99])
def test_an_answer_that_tells_no_time_is_an_answer_like_any_other(clock, date: str) -> None:
    stage = Stage(clock, DAILY)
    clock.run(stage.send(a_call(), dated(date)))
    assert stage.clock_sample() is None
    assert stage.used()[0] == 1


def test_a_day_that_is_spent_is_the_one_of_the_answer_that_says_so(clock) -> None:
    """The machine's clock is two days ahead, and that day is over in a moment; not so the provider's."""
    stage = Stage(clock, DAILY)
    there = 1_790_000_000 - 2 * 86_400
    spent = dated(there, status=429, refusal=Refusal(RefusalKind.UNTIL))
    with pytest.raises(CallRefused, match="00:00 UTC on 20 September, in 9 h"):
        clock.run(stage.send(a_call(), spent))


def test_who_waits_for_a_day_that_has_come_leaves_when_the_time_is_known(clock) -> None:
    stage = Stage(clock, replace(DAILY, wait_for_day=True))
    here = 1_790_000_000

    async def main() -> None:
        slow = asyncio.create_task(stage.send(a_call(), dated(here + 86_400), latency=0.9))
        for _ in range(9):
            waiting = asyncio.create_task(stage.send(a_call(), latency=0.1))
        await asyncio.gather(slow, waiting)

    clock.run(main())
    assert len(stage.left) == 10
    assert stage.left[-1] < 3


def test_a_call_books_in_the_pools_of_its_model_and_of_the_account(clock) -> None:
    stage = Stage(clock, rules(mode="off"))
    stage.others = {
        "family": PoolRules((Limit(Kind.REQUESTS, 5, MINUTE),), cooldown_mode="off"),
        ACCOUNT_POOL: PoolRules((Limit(Kind.INPUT_TOKENS, 100, MINUTE),), cooldown_mode="off"),
    }

    async def main() -> None:
        for _ in range(3):
            await stage.send(a_call(tokens=20, pools=(MODEL, "family")))

    clock.run(main())
    assert stage.used() == [3, 60]
    assert stage.used("family") == [3]
    assert stage.used(ACCOUNT_POOL) == [60]


def test_a_place_is_free_when_the_answer_was_read(clock) -> None:
    stage = Stage(clock, PoolRules((Limit(Kind.CONCURRENT, 1, HELD),), cooldown_mode="off"))
    first = a_call()

    async def main() -> None:
        await stage.send(first, keep=True)
        waiting = asyncio.create_task(stage.send(a_call()))
        await asyncio.sleep(100)
        stage.middleware.on_finished(first)
        stage.middleware.on_finished(first)
        await waiting
        await asyncio.sleep(1)

    clock.run(main())
    assert stage.left == [0.0, 100.65]  # the server may notice a little later
    assert stage.used() == [0]


def test_what_headers_announce_holds_for_everybody(clock) -> None:
    stage = Stage(clock, PoolRules((), cooldown_mode="off"))
    told = CallOutcome(200, announced=(Announced(Kind.REQUESTS, MINUTE, limit=3, remaining=1, resets_in=30),))

    async def main() -> None:
        await stage.send(a_call(), lambda: told)
        await asyncio.gather(*(stage.send(a_call()) for _ in range(2)))

    clock.run(main())
    assert stage.left == [0.0, 0.5, pytest.approx(30.5, abs=0.3)]


def test_a_refusal_that_names_another_pool_is_believed(clock) -> None:
    """Calls of that model's name book there from now on, and its own pool goes on."""
    stage = Stage(clock, rules(mode="off"))
    stage.others["real"] = PoolRules((Limit(Kind.REQUESTS, 4, MINUTE),), cooldown_mode="off")
    elsewhere = CallOutcome(429, Refusal(RefusalKind.WINDOW, pool="real", retry_after=20.0))
    answers = iter([elsewhere, OK])

    async def main() -> None:
        refused = asyncio.create_task(stage.send(a_call("a"), lambda: next(answers)))
        await asyncio.sleep(1)
        same = asyncio.create_task(stage.send(a_call("b")))
        await stage.send(a_call("c", name="another name of the model"))
        await asyncio.gather(refused, same)

    clock.run(main())
    assert stage.left == [0.0, 1.0, 21.5, 22.0]
    assert stage.used("real") == [2]


def test_a_refusal_in_the_middle_of_an_answer_pauses_the_pool(clock) -> None:
    stage = Stage(clock, rules(mode="off"))

    async def main() -> None:
        call = a_call()
        await stage.send(call, keep=True)
        stage.middleware.on_late_refusal(call, minute(10.0))
        stage.middleware.on_finished(call)
        await stage.send(a_call())

    clock.run(main())
    assert stage.left == [0.0, pytest.approx(11.5, abs=0.01)]
    assert [type(event) for event in stage.events] == [ProviderRefused]


def test_what_a_refused_call_would_have_taken_is_given_back(clock) -> None:
    stage = Stage(clock, rules(mode="off"))
    answers = iter([CallOutcome(429, minute(1.0)), OK])
    clock.run(stage.send(a_call(tokens=900), lambda: next(answers)))
    assert stage.used() == [2, 900]


def test_estimates_are_shared_and_survive_the_process(clock) -> None:
    stage = Stage(clock, rules(rpm=1_000, mode="off"), shared=True)

    async def main() -> dict[str, int]:
        for _ in range(4):
            call = a_call(tokens=1_000)
            await stage.send(call, keep=True)
            stage.middleware.on_usage(call, usage(input_tokens=500))
        stage.limiter.flush()
        later = Limiter(stage.store, stage.rules_of, worker=AtOnce()).domain(DOMAIN)
        later.queue.read(lambda state, now: None)
        return later.amounts(MODEL, a_call(tokens=1_000).charges)

    assert 500 <= clock.run(main())[Kind.INPUT_TOKENS] <= 600


class FailsToDecide(DomainLimiter):
    async def acquire(self, ask) -> Reservation:
        raise LookupError("key=AIza-secret")


def test_a_fault_of_the_limiter_means_limits_in_memory_and_is_told_once(clock) -> None:
    stage = Stage(clock, replace(rules(3, 0), max_wait=NANOSECONDS))
    broken = FailsToDecide(stage.limiter, DOMAIN)
    middleware = RateLimitMiddleware(lambda _: broken, stage.fallback.domain, stage.events.append)

    async def main() -> int:
        left = 0
        for _ in range(9):
            with suppress(CallRefused):
                await middleware.before_call(a_call())
                left += 1
        return left

    assert clock.run(main()) == 3
    [trouble] = stage.events
    assert "this process's memory" in trouble.message
    assert "LookupError" in trouble.message
    assert "secret" not in trouble.message


def test_when_even_memory_fails_the_fault_is_handed_on(clock) -> None:
    """The chain of middleware has the last word on a plugin that fails."""
    stage = Stage(clock, rules(3, 0))
    broken = FailsToDecide(stage.limiter, DOMAIN)
    middleware = RateLimitMiddleware(lambda _: broken, lambda _: broken, stage.events.append)
    with pytest.raises(LookupError):
        clock.run(middleware.before_call(a_call()))


def test_what_comes_of_calls_that_nobody_knows_is_nothing(clock) -> None:
    stage, stranger = Stage(clock, rules()), a_call()
    stage.middleware.on_written(stranger)
    stage.middleware.on_usage(stranger, usage(input_tokens=3))
    stage.middleware.on_late_refusal(stranger, minute(3.0))
    stage.middleware.on_finished(stranger)
    assert clock.run(stage.middleware.after_call(stranger, OK)) is Action.PASS
    assert not stage.events


def test_who_waits_for_its_model_holds_up_no_other_model(clock) -> None:
    """Both book in the account's pool, in which there is room."""
    stage = Stage(clock, rules(rpm=1, mode="off"))
    stage.others = {
        "other": PoolRules((Limit(Kind.REQUESTS, 5, MINUTE),), cooldown_mode="off"),
        ACCOUNT_POOL: PoolRules((Limit(Kind.REQUESTS, 50, MINUTE),), cooldown_mode="off"),
    }

    async def main() -> None:
        await stage.send(a_call())
        waiting = asyncio.create_task(stage.send(a_call()))
        await asyncio.sleep(1)
        await stage.send(a_call(pools=("other",)))
        await waiting

    clock.run(main())
    assert stage.left == [0.0, 1.5, pytest.approx(60.5, abs=0.3)]
