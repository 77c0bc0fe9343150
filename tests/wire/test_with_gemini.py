"""The wire and the Gemini provider together: refusals that Google words, usage that Google counts."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from google import genai
from openai import AsyncOpenAI

from massgen_plugins.middleware import RefusalKind
from massgen_plugins.providers.gemini import GeminiProvider

QUOTA = {
    "error": {
        "code": 429,
        "message": "You exceeded your current quota. Please retry in 17.5s.",
        "status": "RESOURCE_EXHAUSTED",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [
                    {
                        "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
                        "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
                        "quotaDimensions": {"location": "global", "model": "gemini-2.5-flash"},
                        "quotaValue": "5",
                    }
                ],
            }
        ],
    }
}


@pytest.mark.parametrize("hidden", [False, True])
def test_a_minute_quota_is_absorbed_and_the_usage_read(server, gate, answers, hidden):
    gate.provider = GeminiProvider()

    async def refuse(request):
        if hidden:
            return await answers.stream_answer(request, [answers.event(QUOTA)])
        return web.json_response(QUOTA, status=429)

    async def ask():
        async with genai.Client(api_key="key", http_options={"base_url": server.url}).aio as client:
            chunks = await client.models.generate_content_stream(model="gemini-2.5-flash", contents="hi")
            return "".join([chunk.text async for chunk in chunks])

    server.script = [refuse]
    assert asyncio.run(ask()) == "hello"
    refused, answered = gate.recorder.outcomes
    assert refused.refusal.kind is RefusalKind.WINDOW
    assert refused.refusal.limits[0].amount == 5
    assert answered.refusal is None
    assert gate.recorder.usages[-1] == 7


@pytest.mark.parametrize("hidden", [False, True])
def test_the_same_on_the_path_that_openais_client_takes(server, gate, answers, hidden):
    gate.provider = GeminiProvider()

    async def refuse(request):
        if hidden:
            return await answers.stream_answer(request, [answers.event(QUOTA)])
        return web.json_response([QUOTA], status=429)

    async def ask():
        async with AsyncOpenAI(api_key="key", base_url=f"{server.url}/v1beta/openai/") as client:
            chunks = await client.chat.completions.create(
                model="gemini-2.5-flash", messages=[{"role": "user", "content": "hi"}], stream=True
            )
            return "".join([chunk.choices[0].delta.content or "" async for chunk in chunks])

    server.script = [refuse]
    assert asyncio.run(ask()) == "hello"
    assert server.requests == 2
    refused, answered = gate.recorder.outcomes
    assert (refused.refusal.kind, refused.refusal.limits[0].amount) == (RefusalKind.WINDOW, 5)
    assert answered.refusal is None
    assert gate.recorder.usages[-1] == 7
