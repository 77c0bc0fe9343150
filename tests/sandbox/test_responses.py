"""The Responses protocol with the real SDK, and its errors inside streams; Azure with its own client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from massgen_plugins.sandbox import (
    Fault,
    FaultRule,
    Place,
    Quota,
    QuotaKind,
    SandboxConfig,
    SandboxProcess,
    WindowShape,
    per_model,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
MODEL = "gpt-5-mini"
ANSWERS = "<CURRENT ANSWERS from the agents>\n<agent3> four <end of agent3>\n<END OF CURRENT ANSWERS>"
TOOLS: Any = [
    {"type": "function", "name": name, "parameters": {}, "strict": False} for name in ("new_answer", "vote")
]


def client_of(server: SandboxProcess, prefix: str = "", key: str = "k") -> Any:
    return openai.OpenAI(api_key=key, base_url=f"{server.url}{prefix}/v1", max_retries=0)


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxProcess]:
    with SandboxProcess(SandboxConfig(cached_share=0.5, reasoning_tokens=5)) as running:
        yield running


def test_text_whole_and_streamed(server: SandboxProcess) -> None:
    with client_of(server) as client:
        whole = client.responses.create(model=MODEL, input="hello there")
        events = list(client.responses.create(model=MODEL, input="hello there", stream=True))
    assert "sandbox" in whole.output_text
    assert (whole.usage.input_tokens, whole.usage.input_tokens_details.cached_tokens) == (2, 0)
    assert whole.usage.output_tokens_details.reasoning_tokens == 5
    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] == "response.completed"
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert said == events[-1].response.output_text
    assert [event.sequence_number for event in events] == list(range(len(events)))
    usage = events[-1].response.usage
    assert usage.input_tokens_details.cached_tokens == 1
    record = server.report().requests[-1]
    assert (record.output_tokens, record.cached_tokens) == (usage.output_tokens, 1)


@pytest.mark.parametrize(("text", "move"), [("hello", "new_answer"), (ANSWERS, "vote")])
def test_moves(server: SandboxProcess, text: str, move: str) -> None:
    asked: dict[str, Any] = {"model": MODEL, "input": [{"role": "user", "content": text}], "tools": TOOLS}
    with client_of(server) as client:
        [called] = client.responses.create(**asked).output
        events = list(client.responses.create(**asked, stream=True))
    assert (called.type, called.name) == ("function_call", move)
    [done] = [event for event in events if event.type == "response.function_call_arguments.done"]
    [item] = events[-1].response.output
    assert json.loads(done.arguments) == json.loads(item.arguments)
    assert item.name == move


def test_all_kinds_of_input_are_read(server: SandboxProcess) -> None:
    script = 'SANDBOX: call_tool look {"a": 1}'
    items: Any = [
        {"role": "user", "content": [{"type": "input_text", "text": script}]},
        {"type": "reasoning", "id": "r", "summary": []},
        {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "seen"},
        {"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]},
    ]
    with client_of(server) as client:
        first = client.responses.create(model=MODEL, input=items[:1])
        after = client.responses.create(
            model=MODEL,
            input=items,
            instructions="be kind",
            max_output_tokens=77,
            tools=[{"type": "web_search"}],
        )
    assert first.output[0].name == "look"
    assert after.output_text
    assert after.usage.input_tokens > 258
    assert server.report().requests[-1].output_bound == 77


@pytest.mark.parametrize(
    ("place", "before"),
    [(Place.FIRST_EVENT, 0), (Place.PREAMBLE, 2), (Place.MID_STREAM, 5)],
)
def test_a_quota_that_refuses_inside_a_stream(place: Place, before: int) -> None:
    rules = (FaultRule(Fault.MINUTE_TOKENS, nth=(1,), place=place, after_chunks=5, seconds=11.054),)
    with SandboxProcess(SandboxConfig(faults=rules)) as server, client_of(server) as client:
        events = list(client.responses.create(model=MODEL, input="hello", stream=True))
        report = server.report()
    assert len(events) == before + 1
    assert events[-1].type == "response.failed"
    assert events[-1].response.error.code == "rate_limit_exceeded"
    assert "Please try again in 11.054s" in events[-1].response.error.message
    assert report.requests[0].status == 200


def test_azures_refusal_is_the_third_event_and_its_headers_know() -> None:
    config = SandboxConfig(quotas={"*": per_model(rpm=1)}, refuse_at=Place.PREAMBLE)
    with SandboxProcess(config) as server:
        url = f"{server.url}/my.openai.azure.com/openai/v1/responses"
        body = {"model": MODEL, "input": "hello", "stream": True}
        answers = [httpx.post(url, json=body, headers={"api-key": "k"}) for _ in range(2)]
        report = server.report()
    refused = answers[1]
    kinds = [line for line in refused.text.splitlines() if line.startswith("event: ")]
    assert refused.status_code == 200
    assert kinds == ["event: response.created", "event: response.in_progress", "event: response.failed"]
    assert '"code": "rate_limit_exceeded"' in refused.text
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    assert (report.served, report.refused) == (1, 1)


def test_a_flat_error_event_is_flat() -> None:
    rules = (FaultRule(Fault.FLAT_ERROR, nth=(1,), place=Place.PREAMBLE),)
    with SandboxProcess(SandboxConfig(faults=rules)) as server:
        body = {"model": MODEL, "input": "hello", "stream": True}
        answer = httpx.post(f"{server.url}/v1/responses", json=body, headers={"authorization": "Bearer k"})
    last = json.loads(answer.text.strip().splitlines()[-1].removeprefix("data: "))
    assert (last["type"], last["code"]) == ("error", "rate_limit_exceeded")


def test_xai_refuses_in_its_own_words_on_this_path_too() -> None:
    config = SandboxConfig(quotas={"*": (Quota(QuotaKind.REQUESTS, 0, window=1),)})
    with SandboxProcess(config) as server, client_of(server, "/api.x.ai") as client:
        with pytest.raises(openai.RateLimitError) as refused:
            client.responses.create(model="grok-4", input="hello")
        kinds = [event.type for event in _streamed(server, "/api.x.ai")]
    assert refused.value.response.json()["code"] == "resource-exhausted"
    assert "Requests per Second (actual/limit): 0/0" in refused.value.response.json()["error"]
    assert kinds == []


def _streamed(server: SandboxProcess, prefix: str) -> list[Any]:
    with client_of(server, prefix) as client:
        try:
            return list(client.responses.create(model="grok-4", input="hello", stream=True))
        except openai.RateLimitError:
            return []


def test_azures_own_client_and_its_short_windows() -> None:
    limits = (
        Quota(QuotaKind.REQUESTS, 2, window=3600, shape=WindowShape.FIXED),
        Quota(QuotaKind.TOTAL_TOKENS, 10_000),
    )
    with SandboxProcess(SandboxConfig(quotas={"deployed": limits})) as server:
        client = openai.AzureOpenAI(
            api_key="k", azure_endpoint=server.url, api_version="2024-10-21", max_retries=0
        )
        with client:
            say: Any = [{"role": "user", "content": "hello"}]
            stream = client.chat.completions.create(
                model="deployed", messages=say, stream=True, stream_options={"include_usage": True}
            )
            chunks = list(stream)
            assert chunks[0].choices == []
            assert chunks[-1].usage is not None
            client.chat.completions.create(model="deployed", messages=say)
            with pytest.raises(openai.RateLimitError) as refused:
                client.chat.completions.create(model="deployed", messages=say)
        report = server.report()
    assert "Rate limit of 2 per 3600s exceeded" in refused.value.message
    assert report.limit("total_tokens per 60 s").charged == sum(
        record.input_tokens + record.output_tokens for record in report.requests if record.served
    )
