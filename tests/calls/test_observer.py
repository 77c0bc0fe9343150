"""What a subscriber hears of a call, step by step."""

from __future__ import annotations

import asyncio

from massgen_plugins.calls.observer import CallObserver
from massgen_plugins.chain import Chain
from massgen_plugins.events import CallAdmitted, CallAnswered, CallSettled, Event
from massgen_plugins.middleware import (
    Action,
    CallOutcome,
    Middleware,
    ModelCall,
    Refusal,
    RefusalKind,
    Usage,
)
from massgen_plugins.quota import Charge, Domain, Kind

DOMAIN = Domain("gemini", "project")


class Clock:
    """A monotonic clock that a test moves on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Queue(Middleware):
    """Holds each attempt for some seconds of the test's clock, and has a refused one sent again."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.clock, self.seconds = clock, seconds

    async def before_call(self, call: ModelCall) -> None:
        self.clock.now += self.seconds

    async def after_call(self, call: ModelCall, outcome: CallOutcome) -> Action:
        return Action.SEND_AGAIN if outcome.refusal else Action.PASS


def made(clock: Clock) -> ModelCall:
    return ModelCall(
        DOMAIN,
        ("flash",),
        "flash",
        "flash-latest",
        {Kind.REQUESTS: Charge(1)},
        "a0",
        "run1",
        opened=clock.now,
    )


def observed(clock: Clock, held: float = 0.0) -> tuple[Chain, list[Event]]:
    events: list[Event] = []
    observer = CallObserver(events.append, clock, lambda: 1_000.0 + clock.now)
    return Chain([Queue(clock, held), observer]), events


def test_an_answered_call_is_admitted_answered_and_settled() -> None:
    clock = Clock()
    chain, events = observed(clock, held=7.0)
    call = made(clock)

    async def run() -> None:
        await chain.before_call(call)
        clock.now += 0.5
        await chain.after_call(call, CallOutcome(200))
        chain.on_usage(call, Usage({Kind.INPUT_TOKENS: 3}))
        chain.on_usage(call, Usage({Kind.INPUT_TOKENS: 5}, {"prompt": 5}, cost=12))
        clock.now += 1.5
        chain.on_finished(call)

    asyncio.run(run())
    assert events == [
        CallAdmitted(call.pool, "a0", "run1", call.number, 7.0, 1),
        CallAnswered(call.pool, "a0", "run1", call.number, 200, 0.5),
        CallSettled(
            call.pool,
            "a0",
            "run1",
            call.number,
            attempt=1,
            model="flash",
            requested_model="flash-latest",
            admitted=1_107.0,
            waited=7.0,
            seconds=2.0,
            status=200,
            outcome="answered",
            amounts={Kind.INPUT_TOKENS: 5},
            raw={"prompt": 5},
            cost=12,
        ),
    ]


def test_each_attempt_is_settled_by_itself_with_the_wait_before_it() -> None:
    clock = Clock()
    chain, events = observed(clock, held=2.0)
    call = made(clock)

    async def run() -> None:
        await chain.before_call(call)
        await chain.after_call(call, CallOutcome(429, Refusal(RefusalKind.WINDOW)))
        chain.on_finished(call)
        await chain.before_call(call)
        await chain.after_call(call, CallOutcome(200))
        chain.on_finished(call)

    asyncio.run(run())
    settled = [event for event in events if isinstance(event, CallSettled)]
    assert [(each.attempt, each.outcome, each.waited) for each in settled] == [
        (1, "refused", 2.0),
        (2, "answered", 2.0),
    ]


def test_an_answer_that_breaks_off_with_a_refusal_counts_as_refused() -> None:
    clock = Clock()
    chain, events = observed(clock)
    call = made(clock)

    async def run() -> None:
        await chain.before_call(call)
        await chain.after_call(call, CallOutcome(200))
        chain.on_late_refusal(call, Refusal(RefusalKind.OVERLOAD))
        chain.on_finished(call)

    asyncio.run(run())
    assert isinstance(events[-1], CallSettled)
    assert events[-1].outcome == "refused"


def test_a_call_that_found_no_server_has_failed() -> None:
    clock = Clock()
    chain, events = observed(clock)
    call = made(clock)

    async def run() -> None:
        await chain.before_call(call)
        await chain.after_call(call, CallOutcome(0))
        chain.on_finished(call)

    asyncio.run(run())
    assert isinstance(events[-1], CallSettled)
    assert (events[-1].status, events[-1].outcome) == (0, "failed")
