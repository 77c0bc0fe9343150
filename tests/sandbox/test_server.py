"""The sandbox over real HTTP: protocol, quotas, control, and bad guests."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from massgen_plugins.sandbox import Sandbox, SandboxConfig, WindowShape, per_model
from massgen_plugins.sandbox.tokens import count_tokens

TEXT = "What is 2+2? Answer in words."
GENERATE = "/v1beta/models/gemini-2.5-flash:generateContent"


def test_an_answer_carries_text_and_usage(visit: Any) -> None:
    async def go(client: Any) -> None:
        status, body = await client.ask(TEXT)
        assert status == 200
        [candidate] = body["candidates"]
        usage = body["usageMetadata"]
        assert candidate["finishReason"] == "STOP"
        assert usage["promptTokenCount"] == count_tokens(TEXT)
        assert usage["candidatesTokenCount"] == count_tokens(candidate["content"]["parts"][0]["text"])
        assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["candidatesTokenCount"]

    visit(SandboxConfig(), go)


def test_a_stream_counts_up_to_what_one_answer_would_say(visit: Any) -> None:
    async def go(client: Any) -> None:
        _, events = await client.ask(TEXT, stream=True)
        counts = [event["usageMetadata"]["candidatesTokenCount"] for event in events]
        whole = "".join(event["candidates"][0]["content"]["parts"][0]["text"] for event in events)
        assert len(events) == 4
        assert counts == sorted(counts)
        assert counts[-1] == count_tokens(whole)
        assert {event["usageMetadata"]["promptTokenCount"] for event in events} == {count_tokens(TEXT)}
        assert ["finishReason" in event["candidates"][0] for event in events] == [False, False, False, True]
        [record] = client.sandbox.report().requests
        assert (record.input_tokens, record.output_tokens) == (count_tokens(TEXT), counts[-1])

    visit(SandboxConfig(chunks=4), go)


def test_a_stream_without_events_is_a_list(visit: Any) -> None:
    async def go(client: Any) -> None:
        path = GENERATE.replace("generateContent", "streamGenerateContent")
        status, body = await client.post(path, {"contents": [{"parts": [{"text": TEXT}]}]})
        assert status == 200
        assert "candidates" in body[0]

    visit(SandboxConfig(), go)


def test_everything_that_gemini_counts_is_counted(visit: Any) -> None:
    body = {
        "contents": [
            {
                "role": "user",
                "parts": [{"text": "one two"}, {"inlineData": {"mimeType": "image/png", "data": "AA=="}}],
            },
            {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"a": 1}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"b": 2}}}]},
        ],
        "systemInstruction": {"parts": [{"text": "be kind"}]},
        "tools": [{"functionDeclarations": [{"name": "f"}]}],
        "generationConfig": {"responseSchema": {"type": "OBJECT"}},
    }
    texts = [
        "one two", "be kind", '{"name":"f","args":{"a":1}}', '{"name":"f","response":{"b":2}}',
        '[{"functionDeclarations":[{"name":"f"}]}]', '{"type":"OBJECT"}',
    ]  # fmt: skip
    expected = 258 + sum(count_tokens(text) for text in texts)

    async def go(client: Any) -> None:
        _, answer = await client.post(GENERATE, body)
        assert answer["usageMetadata"]["promptTokenCount"] == expected
        count = GENERATE.replace("generateContent", "countTokens")
        _, counted = await client.post(count, {"generateContentRequest": {"model": "m", **body}})
        assert counted == {"totalTokens": expected}

    visit(SandboxConfig(), go)


def test_counting_tokens_costs_no_quota(visit: Any) -> None:
    async def go(client: Any) -> None:
        body = {"contents": [{"parts": [{"text": TEXT}]}]}
        for _ in range(3):
            status, _ = await client.post(GENERATE.replace("generateContent", "countTokens"), body)
            assert status == 200
        assert (await client.ask())[0] == 200
        report = client.sandbox.report()
        assert [record.counted for record in report.requests] == [False, False, False, True]
        assert (report.arrived, report.served) == (1, 1)

    visit(SandboxConfig(quotas={"*": per_model(rpm=1)}), go)


@pytest.mark.parametrize(
    "prefix",
    [
        "/v1beta/",
        "/generativelanguage.googleapis.com/v1beta/",
        "/v1beta1/publishers/google/",
        "/v1beta1/projects/p/locations/global/publishers/google/",
    ],
)
def test_vertex_paths_are_known(visit: Any, prefix: str) -> None:
    async def go(client: Any) -> None:
        path = f"{prefix}models/gemini-2.5-pro:generateContent"
        assert (await client.post(path, {"contents": [{"parts": [{"text": "x"}]}]}))[0] == 200
        assert client.sandbox.report().requests[0].model == "gemini-2.5-pro"

    visit(SandboxConfig(), go)


@pytest.mark.parametrize("shape", [WindowShape.SLIDING, WindowShape.FIXED, WindowShape.BUCKET])
def test_the_quota_holds_and_a_refusal_spends_nothing(visit: Any, shape: WindowShape) -> None:
    async def go(client: Any) -> None:
        statuses = [(await client.ask())[0] for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        report = client.sandbox.report()
        assert (report.served, report.refused) == (3, 2)
        assert report.requests[3].refused_by == ("GenerateRequestsPerMinutePerProjectPerModel-FreeTier",)

    # An hour of window, so that a slow machine does not let a fourth in.
    visit(SandboxConfig(quotas={"*": per_model(rpm=3, shape=shape, minute=3600)}), go)


def test_a_refusal_names_the_resolved_model(visit: Any) -> None:
    async def go(client: Any) -> None:
        status, body = await client.ask(model="gemini-3-flash-preview")
        assert status == 429
        [violation] = body["error"]["details"][0]["violations"]
        assert violation["quotaDimensions"]["model"] == "gemini-3-flash"
        assert "quotaValue" not in violation
        assert "limit: 0" in body["error"]["message"]

    visit(SandboxConfig(quotas={"gemini-3-flash-preview": per_model(rpm=0)}), go)


def test_the_report_over_http_is_the_report(visit: Any) -> None:
    async def go(client: Any) -> None:
        await client.ask()
        body = await client.get("/_sandbox/report")
        assert body == json.loads(client.sandbox.report().to_json())
        assert body["totals"]["served"] == 1

    visit(SandboxConfig(), go)


def test_quotas_can_be_changed_and_all_be_forgotten(visit: Any) -> None:
    async def go(client: Any) -> None:
        quotas = {"*": [{"kind": "requests", "limit": 2, "window": 3600}]}
        assert (await client.post("/_sandbox/quotas", quotas))[0] == 200
        assert [(await client.ask())[0] for _ in range(3)] == [200, 200, 429]
        assert (await client.post("/_sandbox/reset", {}))[0] == 200
        assert client.sandbox.report().arrived == 0
        assert (await client.ask())[0] == 200
        status, body = await client.post("/_sandbox/quotas", {"*": [{"kind": "lunch", "limit": 1}]})
        assert status == 400
        assert "kind" in body["error"]["message"]

    visit(SandboxConfig(), go)


def test_a_request_is_counted_when_it_arrives_and_not_when_it_was_sent(visit: Any) -> None:
    async def go(client: Any) -> None:
        await asyncio.gather(*(client.ask() for _ in range(5)))
        records = client.sandbox.report().requests
        assert all(record.arrived_ns >= 20_000_000 for record in records)
        assert all(record.headers_ns - record.arrived_ns >= 10_000_000 for record in records)

    visit(
        SandboxConfig.from_json('{"network": {"uplink": 0.02, "uplink_random": 0.02, "latency": 0.01}}'), go
    )


BAD_BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe",
    b'{"contents": "text"}',
    b'{"contents": []}',
    b'{"contents": [{"parts": [{"text": 5}]}]}',
    b'{"contents": [{"parts": [{"text": "\\ud800"}]}]}',
    b'{"contents": ' + b"[" * 100_000,
    b'{"contents": [{"parts": [{"functionCall": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}]}]}",
]


@pytest.mark.parametrize("path", [GENERATE, "/v1/chat/completions", "/v1/messages"])
def test_malformed_requests_get_a_400_and_the_next_one_an_answer(visit: Any, path: str) -> None:
    async def go(client: Any) -> None:
        for body in BAD_BODIES:
            status, answer = await client.post(path, body)
            assert status == 400, body[:60]
            assert answer["error"]["message"]
        assert (await client.ask())[0] == 200

    visit(SandboxConfig(), go)


def test_malformed_requests_spend_quota_unless_told_otherwise(visit: Any) -> None:
    async def go(client: Any) -> int:
        await client.post(GENERATE, b"{")
        status: int = (await client.ask())[0]
        return status

    quotas = {"*": per_model(rpm=1)}
    assert visit(SandboxConfig(quotas=quotas), go) == 429
    assert visit(SandboxConfig(quotas=quotas, count_failed=False), go) == 200


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        (GENERATE, "", 403),
        ("/v1/messages", "", 401),
        ("/v1beta/models/m:embedContent", "k", 404),
        ("/v1beta/models/:generateContent", "k", 404),
        ("/nowhere", "k", 404),
        ("/_sandbox/report", "k", 405),
    ],
)
def test_what_is_not_there_is_said_in_json_and_not_recorded(
    visit: Any, path: str, key: str, status: int
) -> None:
    async def go(client: Any) -> None:
        answered, body = await client.post(
            path, {"contents": [{"parts": []}], "model": "m", "messages": []}, key=key
        )
        assert answered == status
        assert body["error"]["message"]
        assert client.sandbox.report().arrived == 0

    visit(SandboxConfig(), go)


def test_a_body_beyond_the_size_limit_gets_a_400(visit: Any) -> None:
    async def go(client: Any) -> None:
        assert (await client.post(GENERATE, b" " * (21 * 1024 * 1024)))[0] == 400
        assert (await client.ask())[0] == 200

    visit(SandboxConfig(), go)


def test_a_guest_that_speaks_no_http_or_leaves_early_does_no_harm(visit: Any) -> None:
    async def go(client: Any) -> None:
        host, port = client.sandbox.url.removeprefix("http://").split(":")
        head = f"POST {GENERATE}?key=k HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n".encode()
        compressed = head + b"Content-Encoding: gzip\r\n\r\nabcde"
        for words in (compressed, b"\x00\x01\x02\r\n\r\n", b"POST / HTTP/9\r\n\r\n", b"GET " + b"a" * 70_000):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(words)
            await writer.drain()
            writer.close()
            del reader
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.ask(stream=True)
        assert (await client.session.get(client.sandbox.url + "/_sandbox/report")).status == 200

    visit(SandboxConfig.from_json('{"network": {"latency": 0.2}}'), go)


def test_the_port_is_free_again_afterwards_and_a_taken_one_is_an_error() -> None:
    async def go() -> None:
        async with Sandbox() as first:
            port = int(first.url.rpartition(":")[2])
            with pytest.raises(OSError, match=str(port)):
                async with Sandbox(SandboxConfig(port=port)):
                    pass
        with pytest.raises(RuntimeError, match="does not run"):
            _ = first.url
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get(f"http://127.0.0.1:{port}/_sandbox/report")

    asyncio.run(go())
