"""Every HTTP request that the server counts was admitted once, whichever SDK sent it."""

from __future__ import annotations

import asyncio

import pytest


def test_a_call_is_admitted_written_judged_and_its_usage_reported(server, gate, sdk):
    assert sdk.ask(server.url) == "hello"
    assert gate.recorder.names == ["before", "written", "after", "usage", "finished"]
    assert gate.recorder.usages == [7]
    assert server.requests == 1


def test_a_retry_that_the_sdk_hides_is_admitted_too(server, gate, sdk, answers):
    server.script = [answers.refusal_answer(500)]
    options = {}
    if "google" in sdk.name:
        options = {
            "retry_options": {"attempts": 3, "initial_delay": 0.001, "jitter": 0.001, "max_delay": 0.01}
        }
    assert sdk.ask(server.url, **options) == "hello"
    assert server.requests == 2
    assert gate.recorder.names.count("before") == 2
    assert [outcome.status for outcome in gate.recorder.outcomes] == [500, 200]


def test_a_request_after_a_lost_connection_is_admitted_too(server, gate, sdk, answers, monkeypatch):
    monkeypatch.setattr("random.randint", lambda *_: -1)  # google-genai waits 1 s and that many more
    server.script = [answers.hanging_up]
    if sdk.name in ("google_sync", "google_sync_stream"):
        with pytest.raises(Exception, match="disconnected"):
            sdk.ask(server.url)
    else:
        assert sdk.ask(server.url) == "hello"
    assert gate.recorder.names.count("before") == server.requests
    assert (gate.recorder.outcomes[0].status, gate.recorder.outcomes[0].sent) == (0, True)


@pytest.mark.parametrize("provider", ["gemini", "openai"])
def test_litellm_sends_through_two_clients_and_is_admitted_once(server, gate, provider):
    litellm = pytest.importorskip("litellm")

    async def ask():
        answer = await litellm.acompletion(
            model=f"{provider}/gemini-2.5-flash",
            messages=[{"role": "user", "content": "hi"}],
            api_base=f"{server.url}/v1" if provider == "openai" else server.url,
            api_key="key",
        )
        await asyncio.sleep(0)
        return answer.choices[0].message.content

    assert asyncio.run(ask()) == "hello"
    assert server.requests == 1
    assert gate.recorder.names == ["before", "written", "after", "usage", "finished"]


def test_other_traffic_is_left_alone(server, gate):
    import aiohttp
    import httpx

    async def ask():
        async with (
            aiohttp.ClientSession(server.url) as session,
            session.post("/other", data=b"x") as response,
        ):
            assert response.status == 200
        async with httpx.AsyncClient() as client:
            assert (await client.post(f"{server.url}/other")).status_code == 200

    asyncio.run(ask())
    httpx.get(server.url)
    assert gate.recorder.events == []


def test_a_call_that_nothing_limits_passes(server, gate, sdk):
    gate.open_call = lambda *_, **__: None
    assert sdk.ask(server.url) == "hello"
    assert gate.recorder.events == []
