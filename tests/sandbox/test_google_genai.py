"""The real google-genai SDK takes the sandbox for Gemini."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from massgen_plugins.sandbox import Fault, FaultRule, Place, SandboxConfig, SandboxProcess, per_model

# google-genai and aiohttp disagree about subclassing ClientSession; neither is ours.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
MODEL = "gemini-2.5-flash"


@contextmanager
def gemini(config: SandboxConfig | None = None) -> Iterator[tuple[Any, SandboxProcess]]:
    from google import genai

    with SandboxProcess(config) as sandbox:
        options = genai.types.HttpOptions(base_url=sandbox.url)
        with genai.Client(api_key="k", http_options=options) as client:
            yield client, sandbox


def test_an_answer_a_stream_and_a_count_are_understood() -> None:
    with gemini() as (client, sandbox):
        answer = client.models.generate_content(model=MODEL, contents="hello there")
        assert "sandbox" in answer.text
        chunks = list(client.models.generate_content_stream(model=MODEL, contents="hello there"))
        assert "sandbox" in "".join(chunk.text for chunk in chunks)
        counted = client.models.count_tokens(model=MODEL, contents="hello there")
        assert counted.total_tokens == answer.usage_metadata.prompt_token_count == 2
        assert chunks[-1].usage_metadata.candidates_token_count > 0
        assert [record.endpoint for record in sandbox.report().requests] == [
            "generateContent",
            "streamGenerateContent",
            "countTokens",
        ]


def test_automatic_function_calling_goes_round_and_ends() -> None:
    asked = []

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        asked.append((a, b))
        return a + b

    script = 'SANDBOX: call_tool add {"a": 2, "b": 3}\nSANDBOX: call_tool add {"a": 4, "b": 5}'
    with gemini() as (client, sandbox):
        answer = client.models.generate_content(model=MODEL, contents=script, config={"tools": [add]})
        assert asked == [(2, 3), (4, 5)]
        assert "sandbox" in answer.text
        assert sandbox.report().served == 3


@pytest.mark.parametrize("stream", [False, True])
def test_an_unfinished_answer_is_continued_in_a_second_request(stream: bool) -> None:
    with gemini() as (client, sandbox):
        if stream:
            pieces = client.models.generate_content_stream(model=MODEL, contents="SANDBOX: continue")
            text = "".join(piece.text or "" for piece in pieces)
        else:
            text = client.models.generate_content(model=MODEL, contents="SANDBOX: continue").text
        assert text.startswith("The first half of an answer, Answer number 2")
        assert sandbox.report().served == 2


def test_the_asynchronous_client_too() -> None:
    async def go(client: Any) -> str:
        stream = await client.aio.models.generate_content_stream(model=MODEL, contents="SANDBOX: continue")
        text = "".join([chunk.text or "" async for chunk in stream])
        await client.aio.aclose()
        return text

    with gemini() as (client, sandbox):
        assert "Answer number 2" in asyncio.run(go(client))
        assert sandbox.report().served == 2


def test_a_refusal_is_the_sdks_own_error_with_all_its_details() -> None:
    from google.genai.errors import ClientError

    with gemini(SandboxConfig(quotas={"*": per_model(rpm=0)})) as (client, _):
        with pytest.raises(ClientError) as caught:
            client.models.generate_content(model=MODEL, contents="x")
        assert (caught.value.code, caught.value.status) == (429, "RESOURCE_EXHAUSTED")
        failure = caught.value.details["error"]["details"][0]
        assert failure["violations"][0]["quotaId"].endswith("PerMinutePerProjectPerModel-FreeTier")


@pytest.mark.parametrize("fault", [Fault.VERTEX_SHARED, Fault.NO_DETAILS, Fault.LIMIT_ZERO])
@pytest.mark.parametrize("place", list(Place))
def test_an_injected_refusal_is_one_too_wherever_it_strikes(fault: Fault, place: Place) -> None:
    from google.genai.errors import ClientError

    rule = FaultRule(fault, every=1, place=place)
    with gemini(SandboxConfig(faults=(rule,))) as (client, _):
        with pytest.raises(ClientError) as caught:
            list(client.models.generate_content_stream(model=MODEL, contents="x"))
        assert caught.value.code == 429
