"""What goes through is what was sent: bytes, headers, pieces, ends."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import zlib

import pytest

from .upstream import Upstream, answer, connect, exchange, read_head

EVENTS = [
    b"event: message_start\ndata: {}\n\n",
    b": a comment\r\n\r\n",
    "data: \u00fc\n\n".encode(),
    b"data: end\n\n",
]


async def test_a_request_arrives_as_it_was_sent(enter):
    body = b'{"model": "m",  "stream":true}'
    sent = ["X-Api-Key: sk-ant-1", "anthropic-beta: a,b", "anthropic-version: 2023-06-01", "Accept: */*"]
    sent += ["User-Agent: claude-cli/2", "Content-Type: application/json", "Cookie: a=b"]
    async with Upstream() as upstream:
        await exchange(enter(upstream.url + "/base/") + "/v1/messages?beta=true&x=%2F", *sent, body=body)
        got = upstream.got[0]
    assert got.line == "POST /base/v1/messages?beta=true&x=%2F HTTP/1.1"
    assert got.body == body
    assert {line.lower() for line in sent} <= {f"{key}: {value}".lower() for key, value in got.headers}
    assert got.header("host") == upstream.url.removeprefix("http://")


async def test_nothing_is_added_to_a_request(enter):
    async with Upstream() as upstream:
        await exchange(enter(upstream.url) + "/v1/models", method="GET")
        names = {key.lower() for key, _ in upstream.got[0].headers}
    assert names <= {"host", "connection", "content-length"}


@pytest.mark.parametrize(
    ("asked", "passed"),
    [("gzip, br", "gzip"), ("br", "identity"), ("gzip;q=0.5, deflate, br", "gzip;q=0.5, deflate")],
)
async def test_only_codings_that_can_be_read_are_asked_for(enter, asked, passed):
    async with Upstream() as upstream:
        await exchange(enter(upstream.url) + "/", f"Accept-Encoding: {asked}")
        assert upstream.got[0].header("accept-encoding") == passed


async def test_a_stream_arrives_byte_for_byte_and_event_by_event(enter):
    turns = asyncio.Semaphore(0)

    async def stream(_, writer):
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for event in EVENTS:
            writer.write(b"%x\r\n%b\r\n" % (len(event), event))
            await writer.drain()
            await turns.acquire()  # the next one leaves when this one has arrived
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async with Upstream(stream) as upstream:
        reader, writer = await connect(enter(upstream.url) + "/v1/messages")
        line, headers = await read_head(reader)
        assert (line, dict(headers)["Content-Type"]) == ("HTTP/1.1 200 OK", "text/event-stream")
        for event in EVENTS:
            assert await _chunk(reader) == event
            turns.release()
        assert await _chunk(reader) == b""
        writer.close()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
async def test_encoded_answers_pass_unchanged(enter, coding):
    body = {"gzip": gzip.compress, "deflate": zlib.compress, "zstd": lambda data: b"\x28\xb5" + data}[coding](
        b"x" * 999
    )
    async with Upstream(answer(body, Content_Encoding=coding)) as upstream:
        _, headers, got = await exchange(enter(upstream.url) + "/", f"Accept-Encoding: {coding}")
    assert (got, headers["content-encoding"]) == (body, coding)
    assert headers["content-length"] == str(len(body))


async def test_encoded_requests_pass_unchanged(enter):
    body = gzip.compress(b"{}")
    async with Upstream() as upstream:
        await exchange(enter(upstream.url) + "/responses", "Content-Encoding: gzip", body=body)
        assert (upstream.got[0].body, upstream.got[0].header("content-encoding")) == (body, "gzip")


async def test_twenty_megabytes_pass_both_ways(enter):
    large = os.urandom(20 * 1024 * 1024)
    async with Upstream(answer(large)) as upstream:
        _, _, got = await exchange(enter(upstream.url) + "/", body=large)
        assert upstream.got[0].body == large
    assert got == large


async def test_status_headers_and_redirects_pass_as_they_are(enter):
    script = answer(b"no", "429 Slow Down", retry_after="7", Set_Cookie="a=b", Location="/else")
    async with Upstream(script, answer(b"", "307 Temporary Redirect", Location="/else")) as upstream:
        base = enter(upstream.url)
        line, headers, body = await exchange(base + "/")
        assert (line, headers["retry-after"], headers["set-cookie"], body) == (
            "HTTP/1.1 429 Slow Down",
            "7",
            "a=b",
            b"no",
        )
        line, headers, _ = await exchange(base + "/")
        assert (line, headers["location"]) == ("HTTP/1.1 307 Temporary Redirect", "/else")
        assert len(upstream.got) == 2


async def test_a_cut_upstream_is_a_cut_and_not_an_end(enter):
    async def cut(_, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        await writer.drain()
        writer.transport.abort()

    async with Upstream(cut) as upstream:
        reader, writer = await connect(enter(upstream.url) + "/")
        await read_head(reader)
        rest = b""
        with contextlib.suppress(ConnectionError):
            rest = await asyncio.wait_for(reader.read(), 20)
        assert not rest.endswith(b"0\r\n\r\n")
        writer.close()


async def test_an_upstream_that_is_down_is_said_to_be(enter):
    async with Upstream() as upstream:
        url = upstream.url
    line, _, body = await exchange(enter(url) + "/")
    assert line.startswith("HTTP/1.1 502")
    assert b"cannot be reached" in body


async def test_what_the_provider_announces_is_told(enter):
    seen = []
    async with Upstream(answer(anthropic_ratelimit_unified_status="allowed")) as upstream:
        await exchange(enter(upstream.url, seen=lambda status, headers: seen.append((status, headers))) + "/")
    assert seen[0][0] == 200
    assert seen[0][1]["anthropic-ratelimit-unified-status"] == "allowed"


async def _chunk(reader: asyncio.StreamReader) -> bytes:
    size = int((await asyncio.wait_for(reader.readline(), 20)).strip(), 16)
    return (await reader.readexactly(size + 2))[:-2]
