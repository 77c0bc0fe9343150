"""Rare turns of one exchange that no server can provoke on demand."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import httpx
import pytest

from massgen_plugins.wire.exchange import Exchange
from massgen_plugins.wire.sync_bridge import drive

PATH = "/v1/messages"


class PlainRunner:
    urgent = False

    async def run(self, work):
        return await work

    async def finish(self, work):
        return await work


def test_an_admission_that_comes_with_an_interrupt_is_given_back(gate):
    class Interrupted(PlainRunner):
        async def run(self, work):
            await work
            raise KeyboardInterrupt

    sender = SimpleNamespace(read=lambda: SimpleNamespace(url=PATH, body=b""), repeatable=True)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(Exchange(gate, gate.provider, sender, Interrupted()).run())
    assert gate.recorder.names == ["before", "after", "finished"]
    assert not gate.recorder.outcomes[0].sent


def test_a_response_whose_judgement_is_cancelled_is_closed(gate):
    closed = []

    class Response:
        status, headers, content_encoding = 200, {}, ""

        async def discard(self):
            closed.append(True)

    class Sender:
        repeatable = True

        def read(self):
            return SimpleNamespace(url=PATH, body=b"")

        async def send(self):
            return Response()

    class Cancelled(PlainRunner):
        async def finish(self, work):
            await work
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        drive(Exchange(gate, gate.provider, Sender(), Cancelled()).run())
    assert closed == [True]
    assert gate.recorder.names == ["before", "written", "after", "finished"]


def test_a_request_to_a_proxy_does_not_count_as_written(gate):
    class BehindProxy(httpx.HTTPTransport):
        def handle_request(self, request):
            connect = {"request": SimpleNamespace(method=b"CONNECT")}
            request.extensions["trace"]("http11.send_request_headers.started", connect)
            raise httpx.ProxyError("no way through")

    with httpx.Client(transport=BehindProxy()) as client, pytest.raises(httpx.ProxyError):
        client.post(f"http://example.invalid{PATH}")
    assert gate.recorder.names == ["before", "after", "finished"]
    assert not gate.recorder.outcomes[0].sent


def test_what_outlives_a_request_is_not_taken_for_a_part_of_it(server, gate):
    """A hook of the user starts a task during the first request: it has that request's context for ever."""

    async def scenario():
        first_is_over = asyncio.Event()
        tasks = []

        async def ask_later():
            await first_is_over.wait()
            await client.post(PATH)

        async def hook(request):
            if not tasks:
                tasks.append(asyncio.create_task(ask_later()))

        async with httpx.AsyncClient(base_url=server.url, event_hooks={"request": [hook]}) as client:
            await client.post(PATH)
            first_is_over.set()
            await tasks[0]

    asyncio.run(scenario())
    assert server.requests == gate.recorder.names.count("before") == 2


def test_only_what_never_suspends_can_be_driven():
    with pytest.raises(RuntimeError, match="suspended"):
        drive(asyncio.sleep(0))
