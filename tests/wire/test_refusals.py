"""A provider's "no" is absorbed when asked for; ours reaches the user once, in words, and is not retried."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
import httpx
import pytest

from massgen_plugins.chain import Chain
from massgen_plugins.errors import CallRefused
from massgen_plugins.middleware import Middleware

SENTENCE = "The daily limit is used up; it resets at 09:00."


class RefusesBefore(Middleware):
    async def before_call(self, call):
        raise CallRefused(SENTENCE)


class RefusesAfter(Middleware):
    async def after_call(self, call, outcome):
        raise CallRefused(SENTENCE)


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_is_absorbed(server, gate, sdk, answers, status):
    headers = {"retry-after": "1", "x-ratelimit-limit-requests": "9"}
    server.script = [answers.refusal_answer(status, **headers)] * 2
    assert sdk.ask(server.url) == "hello"
    assert server.requests == 3
    first, second = server.bodies[:2]
    assert first == second
    assert [outcome.status for outcome in gate.recorder.outcomes] == [status, status, 200]
    told = dict(gate.recorder.outcomes[0].headers)
    assert abs((parsedate_to_datetime(told.pop("date")) - datetime.now(UTC)).total_seconds()) < 60
    assert told == {**headers, "retry-after-ms": "1"}
    assert gate.recorder.usages == [7]
    assert len(set(gate.recorder.calls)) == 1, "the SDK did not retry: it is one call to the end"


def test_a_refusal_in_the_first_event_of_a_stream_is_absorbed(server, gate, streaming_sdk, answers):
    server.script = [answers.refusing_event]
    assert streaming_sdk.ask(server.url) == "hello"
    assert [bool(outcome.refusal) for outcome in gate.recorder.outcomes] == [True, False]
    assert len(set(gate.recorder.calls)) == 1


def test_a_body_that_cannot_be_sent_twice_is_not(server, gate, answers):
    async def once():
        yield b"{}"

    async def ask_with_httpx():
        async with httpx.AsyncClient() as client:
            return (await client.post(f"{server.url}/v1/messages", content=once())).status_code

    async def ask_with_aiohttp():
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{server.url}/v1/messages", data=once()) as response,
        ):
            return response.status

    server.script = [answers.refusal_answer(429)] * 2
    assert asyncio.run(ask_with_httpx()) == 429
    assert asyncio.run(ask_with_aiohttp()) == 429
    assert server.requests == 2
    assert [call.repeatable for call in gate.recorder.calls] == [False, False]


@pytest.mark.parametrize("form", ["bytes", "text", "json"])
def test_bodies_in_memory_can_be_sent_twice_with_aiohttp(server, gate, answers, form):
    body = {"bytes": {"data": b'{"a": 1}'}, "text": {"data": '{"a": 1}'}, "json": {"json": {"a": 1}}}[form]

    async def ask():
        async with (
            aiohttp.ClientSession(server.url, raise_for_status=True) as session,
            session.post("/v1/messages", **body) as response,
        ):
            return response.status

    server.script = [answers.refusal_answer(429)]
    assert asyncio.run(ask()) == 200
    assert server.bodies == [b'{"a": 1}'] * 2


def test_an_error_that_is_handed_over_reads_as_without_us(server, gate, answers):
    gate.chain = Chain([Middleware()])

    async def ask():
        async with aiohttp.ClientSession(server.url) as session:
            async with session.post("/v1/messages") as response:
                by_parts = await response.content.read()
            async with session.post("/v1/messages") as response:
                whole = await response.json()
            with pytest.raises(aiohttp.ClientResponseError) as caught:
                await session.post("/v1/messages", raise_for_status=True)
        return by_parts, whole["error"]["message"], caught.value.status

    server.script = [answers.refusal_answer(429)] * 3
    by_parts, message, status = asyncio.run(ask())
    assert b"come back later" in by_parts
    assert message == "come back later"
    assert status == 429


@pytest.mark.parametrize(("middleware", "sent"), [(RefusesBefore, 0), (RefusesAfter, 1)])
def test_our_refusal_is_told_once_and_not_retried(server, gate, sdk, middleware, sent):
    gate.chain = Chain([middleware()])
    with pytest.raises(Exception, match="daily limit is used up") as caught:
        sdk.ask(server.url)
    assert server.requests == sent
    assert [str(refusal) for refusal in gate.refusals] == [SENTENCE]
    if sdk.httpx_like:
        status = getattr(caught.value, "status_code", None) or caught.value.code
        assert status == 403
    else:
        assert type(caught.value) is CallRefused


def test_our_refusal_is_not_retried_by_litellm(server, gate):
    litellm = pytest.importorskip("litellm")
    gate.chain = Chain([RefusesBefore()])

    async def ask():
        await litellm.acompletion(
            model="openai/m", messages=[{"role": "user", "content": "hi"}], api_base=server.url, api_key="key"
        )

    with pytest.raises(Exception, match="daily limit is used up"):
        asyncio.run(ask())
    assert server.requests == 0
    assert len(gate.refusals) == 1


def test_the_connection_of_an_absorbed_refusal_is_used_again(server, gate, answers):
    connections = set()

    async def remember(request):
        connections.add(request.transport.get_extra_info("peername"))
        return (
            await answers.refusal_answer(429)(request)
            if len(gate.recorder.calls) % 2
            else await answers.usual_answer(request)
        )

    async def ask():
        async with aiohttp.ClientSession(server.url) as session, session.post("/v1/messages") as response:
            await response.read()
        first = set(connections)
        async with httpx.AsyncClient() as client:
            await client.post(f"{server.url}/v1/messages")
        return first, connections - first

    server.script = [remember] * 4
    of_aiohttp, of_httpx = asyncio.run(ask())
    assert (len(of_aiohttp), len(of_httpx)) == (1, 1)
