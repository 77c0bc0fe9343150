"""Requests of programs leave through the wire: admitted, absorbed, counted, refused like any others."""

from __future__ import annotations

import asyncio
import gzip
import statistics
import time
from contextlib import contextmanager
from contextvars import ContextVar

import pytest
import zstandard

from massgen_plugins import wire
from massgen_plugins.chain import Chain
from massgen_plugins.errors import CallRefused
from massgen_plugins.gateway import PATIENCE
from massgen_plugins.middleware import Middleware
from tests.wire.door import Door

from .upstream import Upstream, answer, connect, exchange

OF = ContextVar("OF", default="nobody")
BODY = b'{"model": "m", "stream": true}'
STREAM = answer(b'data: {"usage": {"input_tokens": 7}}\n\n', Content_Type="text/event-stream")


class Says(Middleware):
    """Remembers for whom calls came; refuses, or has them wait for an event."""

    def __init__(self):
        self.whose = []
        self.refusal = None
        self.waits_for = None

    async def before_call(self, call):
        self.whose.append(OF.get())
        if self.waits_for is not None:
            await self.waits_for.wait()
        if self.refusal is not None:
            raise self.refusal


@pytest.fixture
def says():
    return Says()


@pytest.fixture
def door(says):
    door = Door()
    door.chain = Chain([door.recorder, says])
    wire.install(door)
    yield door
    wire.uninstall()
    assert not door.faults


def scope_of(agent):
    @contextmanager
    def scope():
        token = OF.set(agent)
        try:
            yield
        finally:
            OF.reset(token)

    return scope


async def test_each_request_is_its_agents(enter, door, says):
    async with Upstream(STREAM, STREAM) as upstream:
        for agent in ("a", "b"):
            await exchange(enter(upstream.url, scope_of(agent)) + "/v1/messages", body=BODY)
    assert says.whose == ["a", "b"]
    assert door.recorder.names == ["before", "written", "after", "usage", "finished"] * 2
    assert door.recorder.usages == [7, 7]


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_compressed_requests_are_read_and_pass_as_they_are(enter, door, coding):
    body = {"gzip": gzip.compress, "zstd": zstandard.compress}[coding](BODY)
    read = []
    door.provider.read_request = lambda request, original=door.provider.read_request: (
        read.append(request.body) or original(request)
    )
    async with Upstream(STREAM) as upstream:
        url = enter(upstream.url) + "/v1/messages"
        await exchange(url, f"Content-Encoding: {coding}", body=body)
        assert upstream.got[0].body == body
    assert read == [BODY]


async def test_refusals_of_the_provider_are_absorbed(enter, door):
    async with Upstream(answer(status="429 Too Many"), answer(status="503 Busy"), STREAM) as upstream:
        line, _, _ = await exchange(enter(upstream.url) + "/v1/messages", body=BODY)
        assert (line, len(upstream.got)) == ("HTTP/1.1 200 OK", 3)
        assert {got.body for got in upstream.got} == {BODY}


async def test_a_refusal_of_ours_is_a_400_that_nobody_repeats(enter, door, says):
    says.refusal = CallRefused("The quota is spent until noon.")
    async with Upstream() as upstream:
        line, headers, body = await exchange(enter(upstream.url) + "/v1/messages", body=BODY)
        assert not upstream.got
    assert (line, headers["x-should-retry"]) == ("HTTP/1.1 400 Bad Request", "false")
    assert b"The quota is spent until noon." in body
    assert door.refusals == [says.refusal]


@pytest.mark.parametrize("program", ["claude_code", "codex", "gemini_cli"])
async def test_a_program_that_gives_up_in_the_queue_leaves_it(enter, door, says, program):
    loop = asyncio.get_running_loop()
    arrived, left = asyncio.Event(), asyncio.Event()

    class Waits:
        async def wait(self):
            loop.call_soon_threadsafe(arrived.set)
            try:
                await asyncio.Event().wait()
            finally:
                loop.call_soon_threadsafe(left.set)

    says.waits_for = Waits()
    async with Upstream() as upstream:
        _, writer = await connect(enter(upstream.url, patience=PATIENCE[program]) + "/v1/messages", body=BODY)
        await asyncio.wait_for(arrived.wait(), 20)
        writer.transport.abort()
        await asyncio.wait_for(left.wait(), 20)
        assert not upstream.got


async def test_a_program_that_is_killed_in_a_stream_ends_its_call(enter, door):
    async def endless(_, writer):
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        while True:
            writer.write(b"a\r\ndata: {}\n\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with Upstream(endless) as upstream:
        reader, writer = await connect(enter(upstream.url) + "/v1/messages", body=BODY)
        await reader.readuntil(b"data: {}")
        writer.transport.abort()
        await asyncio.wait_for(upstream.got[0].gone.wait(), 20)
        assert await asyncio.to_thread(door.recorder.finished.acquire, timeout=20)


async def test_it_costs_little(enter, door):
    """Loosely: the machine of the tests is busy. ``python -m tests.gateway.speed`` measures it."""
    async with Upstream(*[STREAM] * 40) as upstream:
        base = enter(upstream.url)
        spans = {}
        for url in (upstream.url, base):
            taken = []
            for _ in range(20):
                begun = time.perf_counter()
                await exchange(url + "/v1/messages", body=BODY)
                taken.append(time.perf_counter() - begun)
            spans[url] = statistics.median(taken)
    assert spans[base] - spans[upstream.url] < 0.05
