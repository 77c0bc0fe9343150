"""The chain: order, refusals, and a middleware that fails without taking the others with it."""

from __future__ import annotations

import asyncio

import pytest

from massgen_plugins.chain import Chain
from massgen_plugins.errors import CallRefused
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

CALL = ModelCall(Domain("gemini", "project"), ("model",), "model", "model", {Kind.REQUESTS: Charge(1)})
OK = CallOutcome(200)
LATE = Refusal(RefusalKind.OVERLOAD)
FORTH = ("before_call", "on_written")
BACK = ("after_call", "on_usage", "on_late_refusal", "on_finished")


class Recorder(Middleware):
    """Writes down what it is told, and fails, refuses or asks for another try where it should."""

    def __init__(self, name: str, heard: list[str], **reactions) -> None:
        self.name, self.heard, self.reactions = name, heard, reactions

    def _hear(self, method: str):
        self.heard.append(f"{self.name}.{method}")
        reaction = self.reactions.get(method)
        if isinstance(reaction, Exception):
            raise reaction
        return reaction

    async def before_call(self, call):
        self._hear("before_call")

    def on_written(self, call):
        self._hear("on_written")

    async def after_call(self, call, outcome):
        return self._hear("after_call") or Action.PASS

    def on_usage(self, call, usage):
        self._hear("on_usage")

    def on_late_refusal(self, call, refusal):
        self._hear("on_late_refusal")

    def on_finished(self, call):
        self._hear("on_finished")


def pass_through(chain: Chain) -> Action:
    async def way() -> Action:
        await chain.before_call(CALL)
        chain.on_written(CALL)
        action = await chain.after_call(CALL, OK)
        chain.on_usage(CALL, Usage({Kind.REQUESTS: 1}))
        chain.on_late_refusal(CALL, LATE)
        chain.on_finished(CALL)
        return action

    return asyncio.run(way())


def test_forth_in_order_and_back_in_reverse() -> None:
    heard: list[str] = []
    assert pass_through(Chain([Recorder("a", heard), Recorder("b", heard)])) is Action.PASS
    assert heard == [
        *(f"{who}.{method}" for method in FORTH for who in "ab"),
        *(f"{who}.{method}" for method in BACK for who in "ba"),
    ]


def test_one_that_wants_the_call_sent_again_is_enough() -> None:
    again = Recorder("a", [], after_call=Action.SEND_AGAIN)
    assert pass_through(Chain([again, Recorder("b", [])])) is Action.SEND_AGAIN


@pytest.mark.parametrize("method", [*FORTH, *BACK])
def test_a_middleware_that_fails_does_not_switch_the_others_off(method: str) -> None:
    heard: list[str] = []
    faults: list[str] = []
    broken = Recorder("broken", [], **{method: ValueError("oops")})
    chain = Chain(
        [broken, Recorder("limiter", heard)], lambda place, error: faults.append(f"{place}: {error}")
    )
    assert pass_through(chain) is Action.PASS
    assert heard == [f"limiter.{each}" for each in (*FORTH, *BACK)]
    assert faults == [f"Recorder.{method}: oops"]


def test_those_already_passed_learn_that_the_call_never_left() -> None:
    heard: list[str] = []
    refusing = Recorder("b", [], before_call=CallRefused("no"))
    with pytest.raises(CallRefused):
        asyncio.run(Chain([Recorder("a", heard), refusing]).before_call(CALL))
    assert heard == ["a.before_call", "a.after_call", "a.on_finished"]


def test_a_refusal_afterwards_is_raised_when_all_have_seen_the_answer() -> None:
    heard: list[str] = []
    refusing = Recorder("b", [], after_call=CallRefused("never"))
    with pytest.raises(CallRefused, match="never"):
        asyncio.run(Chain([Recorder("a", heard), refusing]).after_call(CALL, OK))
    assert heard == ["a.after_call"]
