"""How programs are kept waiting, and what becomes of a request when one side goes away."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from massgen_plugins.gateway import PATIENCE, Way

from .upstream import Upstream, answer, connect, exchange, read_head

QUICK = {way: replace(PATIENCE["codex"], way=way, every=0.2) for way in Way}


def held(event):
    """An answer that waits for an event before its headers."""

    async def script(got, writer):
        await event.wait()
        await answer(b"at last")(got, writer)

    return script


async def test_a_program_that_holds_gets_nothing_before_the_answer(enter):
    event = asyncio.Event()
    async with Upstream(held(event)) as upstream:
        reader, writer = await connect(enter(upstream.url, patience=QUICK[Way.HOLD]) + "/")
        await upstream.arrival()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.5)
        event.set()
        assert (await reader.read()).endswith(b"at last")
        writer.close()


async def test_interim_answers_renew_a_programs_patience(enter):
    event = asyncio.Event()
    async with Upstream(held(event)) as upstream:
        reader, writer = await connect(enter(upstream.url, patience=QUICK[Way.PROCESSING]) + "/")
        for _ in range(2):
            assert await read_head(reader) == ("HTTP/1.1 102 Processing", [])
        event.set()
        while (head := await read_head(reader))[0] == "HTTP/1.1 102 Processing":
            pass
        assert head[0] == "HTTP/1.1 200 OK"
        assert await reader.read() == b"at last"
        writer.close()


async def test_a_program_that_asks_again_finds_its_place(enter):
    event = asyncio.Event()
    async with Upstream(held(event)) as upstream:
        base = enter(upstream.url, patience=QUICK[Way.ASK_AGAIN])
        line, headers, _ = await exchange(base + "/v1/messages", body=b"same")
        assert (line, headers["retry-after"]) == ("HTTP/1.1 503 Service Unavailable", "0")
        event.set()
        line, _, body = await exchange(base + "/v1/messages", body=b"same")
        assert (line, body) == ("HTTP/1.1 200 OK", b"at last")
        assert len(upstream.got) == 1


async def test_another_request_does_not_take_a_kept_place(enter):
    event = asyncio.Event()
    async with Upstream(held(event), answer(b"other")) as upstream:
        base = enter(upstream.url, patience=QUICK[Way.ASK_AGAIN])
        await exchange(base + "/", body=b"one")
        _, _, body = await exchange(base + "/", body=b"two")
        assert body == b"other"
        assert len(upstream.got) == 2
        event.set()


async def test_a_program_that_does_not_come_back_gives_its_place_up(enter, monkeypatch):
    monkeypatch.setattr("massgen_plugins.gateway.waiting._COMES_BACK", 0.2)
    async with Upstream(held(asyncio.Event())) as upstream:
        await exchange(enter(upstream.url, patience=QUICK[Way.ASK_AGAIN]) + "/")
        await asyncio.wait_for(upstream.got[0].gone.wait(), 20)


@pytest.mark.parametrize("way", Way)
async def test_a_program_that_is_gone_while_it_waits_is_gone_upstream(enter, way):
    async with Upstream(held(asyncio.Event())) as upstream:
        patience = replace(QUICK[way], every=30.0)
        _, writer = await connect(enter(upstream.url, patience=patience) + "/")
        got = await upstream.arrival()
        writer.transport.abort()
        await asyncio.wait_for(got.gone.wait(), 20)


async def test_a_program_that_is_gone_in_a_stream_is_gone_upstream(enter):
    async def endless(_, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"3\r\nabc\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with Upstream(endless) as upstream:
        reader, writer = await connect(enter(upstream.url) + "/")
        await reader.readuntil(b"abc")
        writer.transport.abort()
        await asyncio.wait_for(upstream.got[0].gone.wait(), 20)


async def test_closing_the_gateway_cuts_what_is_under_way(gateway, enter):
    async with Upstream(held(asyncio.Event())) as upstream:
        reader, writer = await connect(enter(upstream.url) + "/")
        got = await upstream.arrival()
        await asyncio.to_thread(gateway.close)
        await asyncio.wait_for(got.gone.wait(), 20)
        assert b"200 OK" not in await reader.read()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.close()
