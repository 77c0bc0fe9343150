"""A fault of ours at any step is reported, and the SDK gets what it would have got without us."""

from __future__ import annotations

import asyncio

import pytest

from massgen_plugins.chain import Chain
from massgen_plugins.middleware import Middleware

STEPS = [
    "provider_for",
    "is_model_call",
    "read_request",
    "open_call",
    "before_call",
    "on_written",
    "read_refusal",
    "read_announcement",
    "usage_reader",
    "feed",
    "usage",
    "after_call",
    "on_usage",
    "on_finished",
]


def fail(*_, **__):
    raise ZeroDivisionError("a fault of ours")


def break_step(gate, step: str) -> None:
    class Broken(Middleware):
        pass

    class BrokenReader:
        def feed(self, data):
            pass

        def usage(self):
            return None

    async def fail_later(*_):
        fail()

    if step in ("provider_for", "open_call"):
        setattr(gate, step, fail)
    elif step in ("feed", "usage"):
        setattr(BrokenReader, step, fail)
        gate.provider.usage_reader = lambda _: BrokenReader()
    elif step in ("before_call", "after_call", "on_written", "on_usage", "on_finished"):
        setattr(Broken, step, fail if step.startswith("on") else fail_later)
        gate.chain = Chain([Broken(), gate.recorder])
    else:
        setattr(gate.provider, step, fail)


@pytest.mark.parametrize("step", STEPS)
def test_the_sdk_gets_its_answer(server, gate, sdk, step):
    gate.faults_expected = True
    break_step(gate, step)
    assert sdk.ask(server.url) == "hello"
    assert server.requests == 1
    never_asked = step == "read_refusal" and not sdk.stream
    assert {type(error) for _, error in gate.faults} == (set() if never_asked else {ZeroDivisionError})
    assert len(gate.faults) == (0 if never_asked else 1), gate.faults


@pytest.mark.parametrize("step", ["read_refusal", "after_call", "usage_reader"])
def test_the_sdk_gets_its_error(server, gate, sdk, step, answers):
    gate.faults_expected = True
    break_step(gate, step)
    gate.recorder.after_call = Middleware().after_call
    server.script = [answers.refusal_answer(400)]
    with pytest.raises(Exception, match="come back later"):
        sdk.ask(server.url)
    assert server.requests == 1


def test_what_one_client_lets_pass_an_inner_client_does_not_admit(server, gate):
    """litellm's request, let pass by httpx after a fault, goes on through aiohttp."""
    litellm = pytest.importorskip("litellm")
    gate.faults_expected = True
    break_step(gate, "before_call")

    async def ask():
        messages = [{"role": "user", "content": "hi"}]
        await litellm.acompletion(model="openai/m", messages=messages, api_base=server.url, api_key="key")

    asyncio.run(ask())
    assert server.requests == len(gate.faults) == 1


def test_a_broken_report_of_a_fault_changes_nothing(server, gate, sdk):
    break_step(gate, "before_call")
    gate.fault = fail
    assert sdk.ask(server.url) == "hello"


def test_a_broken_report_of_a_refusal_changes_nothing(server, gate, sdk):
    from massgen_plugins.errors import CallRefused

    class Refuses(Middleware):
        async def before_call(self, call):
            raise CallRefused("The daily limit is used up.")

    gate.faults_expected = True
    gate.chain = Chain([Refuses()])
    gate.refused = fail
    with pytest.raises(Exception, match="daily limit is used up"):
        sdk.ask(server.url)
    assert [place for place, _ in gate.faults] == ["refused"]
