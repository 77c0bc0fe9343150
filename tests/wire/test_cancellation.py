"""Wherever a caller is cancelled, all middleware learns how the call ended, and the connection is free."""

from __future__ import annotations

import asyncio

import aiohttp
import httpx
import pytest

from massgen_plugins.chain import Chain
from massgen_plugins.middleware import Action, Middleware

PATH = "/v1/models/m:streamGenerateContent"


class Halting(Middleware):
    """Halts in one of its methods until the test lets it go on; tells that it got there."""

    def __init__(self, place: str | None = None) -> None:
        self.place = place
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()
        self.begun = asyncio.Semaphore(0)
        self.judged = asyncio.Event()
        self.outcomes = []

    async def before_call(self, call):
        self.begun.release()
        await self._halt("before_call")

    async def after_call(self, call, outcome):
        await self._halt("after_call")
        self.outcomes.append(outcome)
        self.judged.set()
        return Action.PASS

    async def _halt(self, place):
        if self.place == place:
            self.reached.set()
            await self.go_on.wait()


class AiohttpCaller:
    def __init__(self, url):
        self._session = aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=1))

    async def ask(self):
        async with self._session.post(PATH) as response:
            return await response.read()

    async def close(self):
        await self._session.close()


class HttpxCaller:
    def __init__(self, url):
        limits = httpx.Limits(max_connections=1)
        self._client = httpx.AsyncClient(base_url=url, limits=limits, timeout=httpx.Timeout(10, pool=5))

    async def ask(self):
        async with self._client.stream("POST", PATH) as response:
            return await response.aread()

    async def close(self):
        await self._client.aclose()


@pytest.fixture(params=[AiohttpCaller, HttpxCaller])
def run(request, server, gate):
    """Runs a scenario with a caller; afterwards the caller's only connection must be free."""

    def run(scenario, place=None):
        async def whole():
            halting = Halting(place)
            gate.chain = Chain([gate.recorder, halting])
            caller = request.param(server.url)
            try:
                await scenario(caller, halting)
                server.go_on.set()
                halting.place = None
                assert await asyncio.wait_for(caller.ask(), 5)
            finally:
                await caller.close()
            return halting.outcomes[:-1]

        return asyncio.run(whole())

    return run


async def settle():
    """Let everything run that does not wait for the network."""
    for _ in range(20):
        await asyncio.sleep(0)


async def cancel(task):
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_while_it_waits_for_admission(run, server):
    async def scenario(caller, halting):
        task = asyncio.create_task(caller.ask())
        await halting.reached.wait()
        await cancel(task)
        assert server.requests == 0

    assert run(scenario, "before_call") == []


def test_while_it_waits_for_a_connection(run, server, answers, gate):
    async def slow(request):
        await server.wait_to_go_on()
        return await answers.usual_answer(request)

    async def scenario(caller, halting):
        server.script = [slow]
        first = asyncio.create_task(caller.ask())
        await asyncio.to_thread(server.arrived.wait, 5)
        second = asyncio.create_task(caller.ask())
        await halting.begun.acquire()
        await halting.begun.acquire()
        await settle()
        assert gate.recorder.names.count("written") == 1, "it is written when it has a connection, not before"
        await cancel(second)
        server.go_on.set()
        assert await first

    abandoned, first = run(scenario)
    assert (abandoned.status, abandoned.sent) == (0, False)
    assert first.status == 200


def test_while_it_waits_for_the_headers(run, server, answers):
    async def slow(request):
        await server.wait_to_go_on()
        return await answers.usual_answer(request)

    async def scenario(caller, halting):
        server.script = [slow]
        task = asyncio.create_task(caller.ask())
        await asyncio.to_thread(server.arrived.wait, 5)
        await cancel(task)

    (outcome,) = run(scenario)
    assert (outcome.status, outcome.sent) == (0, True)


def test_while_it_waits_for_the_first_event(run, server, answers, gate):
    async def comment_only(request):
        response = await answers.stream_answer(request, [b": patience\n\n"])
        await server.wait_to_go_on()
        return response

    looking = asyncio.Event()

    async def scenario(caller, halting):
        server.script = [comment_only]
        usage_reader = gate.provider.usage_reader
        gate.provider.usage_reader = lambda request: (looking.set(), usage_reader(request))[1]
        task = asyncio.create_task(caller.ask())
        await looking.wait()
        await cancel(task)

    (outcome,) = run(scenario)
    assert (outcome.status, outcome.sent) == (200, True)


def test_while_the_answer_is_judged(run, server):
    async def scenario(caller, halting):
        task = asyncio.create_task(caller.ask())
        await halting.reached.wait()
        await cancel(task)
        assert halting.outcomes == []
        halting.go_on.set()

    (outcome,) = run(scenario, "after_call")
    assert outcome.status == 200


def test_while_the_body_passes(run, server, answers, gate):
    async def half(request):
        response = await answers.stream_answer(request, answers.usual_events(request.path)[:1])
        await server.wait_to_go_on()
        return response

    async def scenario(caller, halting):
        server.script = [half]
        task = asyncio.create_task(caller.ask())
        await halting.judged.wait()
        await settle()
        await cancel(task)
        assert gate.recorder.usages == [7], "what the answer has said so far counts"

    (outcome,) = run(scenario)
    assert outcome.status == 200


def test_a_lost_connection_is_told_and_raised_unchanged(gate, unused_port):
    url = f"http://127.0.0.1:{unused_port}{PATH}"

    async def ask():
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.post(url)
        async with httpx.AsyncClient() as client:
            with pytest.raises(httpx.ConnectError):
                await client.post(url)

    asyncio.run(ask())
    with pytest.raises(httpx.ConnectError):
        httpx.post(url)
    assert [(outcome.status, outcome.sent) for outcome in gate.recorder.outcomes] == [(0, False)] * 3
