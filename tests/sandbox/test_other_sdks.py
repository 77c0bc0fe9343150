"""The real OpenAI and Anthropic SDKs, with and without streams and tools."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from massgen_plugins.sandbox import Fault, FaultRule, Place, SandboxConfig, SandboxProcess, per_model

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
SAY = [{"role": "user", "content": "hello there"}]
ANSWERS = "<CURRENT ANSWERS from the agents>\n<agent3> four <end of agent3>\n<END OF CURRENT ANSWERS>"
SHOWN = [{"role": "user", "content": ANSWERS}]
MOVES = ("new_answer", "vote")
OPENAI_TOOLS = [{"type": "function", "function": {"name": name, "parameters": {}}} for name in MOVES]
ANTHROPIC_TOOLS = [{"name": name, "input_schema": {"type": "object"}} for name in MOVES]


def openai_client(sandbox: SandboxProcess, retries: int = 0) -> Any:
    import openai

    return openai.OpenAI(api_key="k", base_url=f"{sandbox.url}/v1", max_retries=retries)


def anthropic_client(sandbox: SandboxProcess, retries: int = 0) -> Any:
    import anthropic

    return anthropic.Anthropic(api_key="k", base_url=sandbox.url, max_retries=retries)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess() as running:
        yield running


def test_openai_text(sandbox: SandboxProcess) -> None:
    with openai_client(sandbox) as client:
        answer = client.chat.completions.create(model="gpt-4o", messages=SAY)
        assert "sandbox" in answer.choices[0].message.content
        assert answer.usage.prompt_tokens == 2
        stream = client.chat.completions.create(
            model="gpt-4o", messages=SAY, stream=True, stream_options={"include_usage": True}
        )
        chunks = list(stream)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert "sandbox" in text
        assert chunks[-1].usage.prompt_tokens == 2
        assert chunks[-1].usage.completion_tokens == answer.usage.completion_tokens


@pytest.mark.parametrize(("messages", "move"), [(SAY, "new_answer"), (SHOWN, "vote")])
def test_openai_moves(sandbox: SandboxProcess, messages: Any, move: str) -> None:
    with openai_client(sandbox) as client:
        answer = client.chat.completions.create(model="gpt-4o", messages=messages, tools=OPENAI_TOOLS)
        [call] = answer.choices[0].message.tool_calls
        assert call.function.name == move
        stream = client.chat.completions.create(
            model="gpt-4o", messages=messages, tools=OPENAI_TOOLS, stream=True
        )
        deltas = [chunk.choices[0].delta for chunk in stream]
        [called] = [delta.tool_calls[0] for delta in deltas if delta.tool_calls]
        assert json.loads(called.function.arguments).keys() == json.loads(call.function.arguments).keys()


def test_anthropic_text(sandbox: SandboxProcess) -> None:
    with anthropic_client(sandbox) as client:
        answer = client.messages.create(model="claude-sonnet-5", max_tokens=9, messages=SAY)
        assert "sandbox" in answer.content[0].text
        assert answer.usage.input_tokens == 2
        with client.messages.stream(model="claude-sonnet-5", max_tokens=9, messages=SAY) as stream:
            whole = stream.get_final_message()
        assert "sandbox" in whole.content[0].text
        assert whole.usage.output_tokens == answer.usage.output_tokens


@pytest.mark.parametrize(("messages", "move"), [(SAY, "new_answer"), (SHOWN, "vote")])
def test_anthropic_moves(sandbox: SandboxProcess, messages: Any, move: str) -> None:
    asked: dict[str, Any] = {"model": "claude-sonnet-5", "max_tokens": 9, "messages": messages}
    with anthropic_client(sandbox) as client:
        answer = client.messages.create(**asked, tools=ANTHROPIC_TOOLS)
        assert answer.content[0].name == move
        with client.messages.stream(**asked, tools=ANTHROPIC_TOOLS) as stream:
            whole = stream.get_final_message()
        assert whole.content[0].name == move
        assert whole.content[0].input.keys() == answer.content[0].input.keys()


def test_quotas_hold_for_both_and_refusals_carry_their_headers() -> None:
    import anthropic
    import openai

    config = SandboxConfig(quotas={"*": per_model(rpm=0), "long": per_model(tpm=1)})
    with SandboxProcess(config) as sandbox:
        with openai_client(sandbox) as client, pytest.raises(openai.RateLimitError) as of_openai:
            client.chat.completions.create(model="gpt-4o", messages=SAY)
        with anthropic_client(sandbox) as client, pytest.raises(anthropic.RateLimitError) as of_anthropic:
            client.messages.create(model="long", max_tokens=9, messages=SAY)
    assert of_openai.value.code == "rate_limit_exceeded"
    assert of_openai.value.response.headers["retry-after-ms"] == "1000"
    assert "rate_limit_error" in str(of_anthropic.value)
    assert of_anthropic.value.response.headers["retry-after"] == "1"


def test_hidden_retries_are_told_apart() -> None:
    config = SandboxConfig(faults=(FaultRule(Fault.INTERNAL, nth=(1,)),))
    with SandboxProcess(config) as sandbox, openai_client(sandbox, retries=2) as client:
        client.chat.completions.create(model="gpt-4o", messages=SAY)
        headers = [record.headers["x-stainless-retry-count"] for record in sandbox.report().requests]
    assert headers == ["0", "1"]


@pytest.mark.parametrize("fault", [Fault.OVERLOADED, Fault.SPEND])
def test_errors_inside_streams(fault: Fault) -> None:
    import anthropic
    import openai

    config = SandboxConfig(faults=(FaultRule(fault, every=1, place=Place.MID_STREAM, after_chunks=2),))
    with SandboxProcess(config) as sandbox:
        with openai_client(sandbox) as client, pytest.raises(openai.APIError):
            list(client.chat.completions.create(model="gpt-4o", messages=SAY, stream=True))
        with anthropic_client(sandbox) as client, pytest.raises(anthropic.APIStatusError):
            list(client.messages.create(model="claude", max_tokens=9, messages=SAY, stream=True))
