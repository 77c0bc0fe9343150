"""The limiter as middleware, driven as the wire drives it, against a server that counts; in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate

import pytest

from massgen_plugins.errors import CallRefused
from massgen_plugins.events import LimitLearned, ProviderRefused
from massgen_plugins.middleware import Action, CallOutcome, ModelCall, Refusal, RefusalKind, StatedLimit
from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Kind, Limit, Scope, ScopeRules
from massgen_plugins.rate_limit.lanes import MOST
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.middleware import RateLimitMiddleware
from massgen_plugins.rate_limit.stores.base import ScopeView
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.testing.virtual_time import VirtualClock, virtual_time

SCOPE = Scope("gemini", "project", "gemini-2.5-flash")
OK = CallOutcome(200)


def rules(rpm: int = 9, cooldown: float = 3, mode: str = "probe", tpm: int = 10**6) -> ScopeRules:
    limits = (Limit(Kind.REQUESTS, rpm, MINUTE), Limit(Kind.INPUT_TOKENS, tpm, MINUTE))
    return ScopeRules(limits=limits, cooldown=int(cooldown * NANOSECONDS), cooldown_mode=mode)


def a_call(agent: str = "a", tokens: int = 10, run: str = "run1", **more) -> ModelCall:
    return ModelCall(SCOPE, SCOPE.model, {Kind.REQUESTS: 1, Kind.INPUT_TOKENS: tokens}, agent, run, **more)


class Stage:
    """A middleware over a memory store, and a server that answers as it is told."""

    def __init__(self, clock: VirtualClock, scope_rules: ScopeRules) -> None:
        self.clock, self.rules, self.events = clock, scope_rules, []
        self.store = MemoryStore(clock.tick, lambda: 1_790_000_000 * NANOSECONDS + clock.tick())
        self.limiter = limiter = Limiter(self.store)
        self.middleware = RateLimitMiddleware(lambda _: limiter, lambda _: self.rules, self.events.append)
        self.left: list[float] = []
        self.start = clock.seconds()

    def view(self) -> ScopeView:
        """The scope once the store has heard everything."""
        self.limiter.flush()
        return self.store.view()[0]

    async def send(
        self, call: ModelCall, answer: Callable[[], CallOutcome] = lambda: OK, latency: float = 0.5
    ) -> Action:
        """One passage of a call, sent again as often as the middleware wants."""
        while True:
            await self.middleware.before_call(call)
            self.middleware.on_written(call)
            self.left.append(round(self.clock.seconds() - self.start, 2))
            await asyncio.sleep(latency)
            action = await self.middleware.after_call(call, answer())
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
    refusal = Refusal(RefusalKind.MINUTE, 20.0, [StatedLimit(Kind.REQUESTS, per_day=False, amount=5)])
    answers = iter([CallOutcome(429, refusal), OK])

    async def main() -> None:
        refused = asyncio.create_task(stage.send(a_call("a"), lambda: next(answers)))
        await asyncio.sleep(1)
        await asyncio.gather(refused, stage.send(a_call("b")))

    clock.run(main())
    assert stage.left == [0.0, 21.5, 22.0]
    assert [type(event) for event in stage.events] == [ProviderRefused, LimitLearned]


def test_a_request_that_cannot_be_repeated_is_handed_back(clock) -> None:
    stage = Stage(clock, rules())
    outcome = CallOutcome(429, Refusal(RefusalKind.MINUTE, 20.0))
    assert clock.run(stage.send(a_call(repeatable=False), lambda: outcome)) is Action.PASS
    assert len(stage.left) == 1


def test_a_request_larger_than_the_whole_quota_ends_with_a_sentence(clock) -> None:
    stage = Stage(clock, rules(mode="off", tpm=1_000))
    stated = StatedLimit(Kind.INPUT_TOKENS, per_day=False, amount=800)
    outcome = CallOutcome(429, Refusal(RefusalKind.MINUTE, 1.0, [stated]))
    with pytest.raises(CallRefused, match=r"5,000 input tokens.*800"):
        clock.run(stage.send(a_call(tokens=5_000), lambda: outcome))
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
        await stage.send(call)
        for tokens in (100, 150, 150):
            stage.middleware.on_usage(call, {Kind.INPUT_TOKENS: tokens, Kind.OUTPUT_TOKENS: 77})

    clock.run(main())
    assert [usage.used for usage in stage.view().usage] == [1, 150]


@pytest.mark.parametrize(("reported", "counted"), [(-(10**30), 0), (10**30, MOST), (1 << 60, MOST)])
def test_numbers_that_cannot_be_true_count_as_what_can(clock, reported: int, counted: int) -> None:
    stage = Stage(clock, rules(mode="off"))

    async def main() -> None:
        call = a_call(tokens=900)
        await stage.send(call)
        stage.middleware.on_usage(call, {Kind.INPUT_TOKENS: reported})
        assert [usage.used for usage in stage.view().usage] == [1, counted]
        stage.middleware.on_usage(call, {Kind.INPUT_TOKENS: 150})
        await stage.send(a_call(tokens=reported))

    clock.run(main())
    assert stage.view().usage[0].used <= 2
    assert 0 <= stage.view().usage[1].used <= 10**6


def test_a_call_whose_connection_broke_stays_counted_and_is_no_longer_in_flight(clock) -> None:
    stage = Stage(clock, rules(mode="off"))

    async def main() -> None:
        await stage.send(a_call(tokens=900), lambda: CallOutcome(0))
        await stage.send(a_call(tokens=100))

    clock.run(main())
    view = stage.view()
    assert [usage.used for usage in view.usage] == [2, 1_000]
    assert view.in_flight == 0


def test_a_call_that_failed_at_the_server_stays_counted(clock) -> None:
    stage = Stage(clock, rules(mode="off"))
    clock.run(stage.send(a_call(tokens=900), lambda: CallOutcome(500)))
    assert [usage.used for usage in stage.view().usage] == [1, 900]


def test_estimates_learn_from_what_calls_really_took(clock) -> None:
    stage = Stage(clock, rules(rpm=1_000, mode="off"))

    async def main() -> None:
        for _ in range(30):
            call = a_call(tokens=1_000)
            await stage.send(call, latency=0)
            stage.middleware.on_usage(call, {Kind.INPUT_TOKENS: 500})
        await stage.send(a_call(tokens=1_000), latency=0)

    clock.run(main())
    used = stage.view().usage[1].used
    assert 30 * 500 + 500 <= used <= 30 * 500 + 600


def test_nothing_is_kept_of_calls_that_are_over(clock) -> None:
    stage = Stage(clock, rules(rpm=1_000, mode="off"))

    async def main() -> None:
        for _ in range(20):
            await stage.send(a_call(), latency=0)

    clock.run(main())
    assert not stage.middleware._passages


DAILY = ScopeRules((Limit(Kind.REQUESTS, 9, CalendarDay("UTC")),), cooldown_mode="off", zone="UTC")


class Heard(MemoryStore):
    """Remembers what it hears."""

    def __init__(self, *clocks) -> None:
        super().__init__(*clocks)
        self.dates: list[int] = []

    def hear(self, scope: Scope, date: int, asked: int) -> None:
        self.dates.append(date // NANOSECONDS)
        assert self.tick() - NANOSECONDS <= asked <= self.tick() - NANOSECONDS // 2
        super().hear(scope, date, asked)


def hearing(clock: VirtualClock, scope_rules: ScopeRules = DAILY) -> tuple[Stage, Heard]:
    stage = Stage(clock, scope_rules)
    store = stage.store = Heard(clock.tick, lambda: 1_790_000_000 * NANOSECONDS + clock.tick())
    stage.limiter = limiter = Limiter(store)
    stage.middleware = RateLimitMiddleware(lambda _: limiter, lambda _: scope_rules, stage.events.append)
    return stage, store


def dated(seconds: int | str, **more) -> Callable[[], CallOutcome]:
    date = seconds if isinstance(seconds, str) else formatdate(seconds, usegmt=True)
    return lambda: CallOutcome(more.pop("status", 200), headers={"date": date}, **more)


def test_the_time_of_an_answer_is_heard_once_a_minute(clock) -> None:
    stage, store = hearing(clock)

    async def main() -> None:
        for wait in (0, 10, 50, 10):
            await asyncio.sleep(wait)
            await stage.send(a_call(), dated(1_800_000_000 + wait))

    clock.run(main())
    assert store.dates == [1_800_000_000, 1_800_000_050]


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 21 Sep 1970 14:13:20 GMT", "\ud800" * 99])
def test_an_answer_that_tells_no_time_is_an_answer_like_any_other(clock, date: str) -> None:
    stage, store = hearing(clock)
    clock.run(stage.send(a_call(), dated(date)))
    assert store.dates == []
    assert stage.view().usage[0].used == 1


def test_a_day_that_is_spent_is_the_one_of_the_answer_that_says_so(clock) -> None:
    """The machine's clock is two days ahead, and that day is over in a moment; not so the provider's."""
    stage, _ = hearing(clock)
    there = 1_790_000_000 - 2 * 86_400
    spent = dated(there, status=429, refusal=Refusal(RefusalKind.DAY))
    with pytest.raises(CallRefused, match="00:00 UTC on 20 September, in 9 h"):
        clock.run(stage.send(a_call(), spent))


def test_the_time_of_a_scope_that_was_forgotten_is_not_heard(clock) -> None:
    stage, store = hearing(clock)

    def forgotten() -> CallOutcome:
        store.forget(SCOPE)
        return dated(1_800_000_000)()

    assert clock.run(stage.send(a_call(), forgotten)) is Action.PASS
    assert store.dates == [1_800_000_000]


def test_who_waits_for_a_day_that_has_come_leaves_when_the_time_is_heard(clock) -> None:
    patient = replace(DAILY, wait_for_day=True)
    stage, _ = hearing(clock, patient)
    here = 1_790_000_000

    async def main() -> None:
        slow = asyncio.create_task(stage.send(a_call(), dated(here + 86_400), latency=0.9))
        for _ in range(9):
            waiting = asyncio.create_task(stage.send(a_call(), latency=0.1))
        await asyncio.gather(slow, waiting)

    clock.run(main())
    assert len(stage.left) == 10
    assert stage.left[-1] < 3


def test_an_unexpected_error_of_the_limiter_means_limits_in_memory_and_is_told_once() -> None:
    events: list[object] = []

    def broken(_: Scope) -> Limiter:
        raise RuntimeError("key=AIza-secret")

    middleware = RateLimitMiddleware(
        broken, lambda _: replace(rules(3, 0), max_wait=NANOSECONDS), events.append
    )

    async def main() -> int:
        left = 0
        for _ in range(9):
            try:
                await middleware.before_call(a_call())
                left += 1
            except CallRefused:
                pass
        return left

    assert asyncio.run(main()) == 3
    [trouble] = events
    assert "in memory" in trouble.message
    assert "RuntimeError at " in trouble.message
    assert "secret" not in trouble.message


def test_when_even_memory_fails_one_call_passes_and_the_next_are_refused(monkeypatch) -> None:
    def broken(*_: object) -> Limiter:
        raise RuntimeError

    middleware = RateLimitMiddleware(broken, lambda _: rules(3, 0))
    monkeypatch.setattr(Limiter, "configure", broken)

    async def main() -> list[type]:
        met = []
        for _ in range(3):
            with pytest.raises((RuntimeError, CallRefused)) as error:
                await middleware.before_call(a_call())
            met.append(error.type)
        return met

    assert asyncio.run(main()) == [RuntimeError, CallRefused, CallRefused]
