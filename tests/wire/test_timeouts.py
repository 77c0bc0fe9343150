"""A client's timeouts are those of its requests: they do not run while a call waits for admission."""

from __future__ import annotations

import asyncio

import aiohttp
import httpx
import pytest

from massgen_plugins.chain import Chain
from massgen_plugins.middleware import Action, Middleware

from .sdks import SDKS

PATH = "/v1/messages"


class WaitsForADay(Middleware):
    """Lets a day pass on the event loop's clock before each call and after each refusal."""

    def __init__(self):
        self.days = 0

    async def before_call(self, call):
        await self._a_day()

    async def after_call(self, call, outcome):
        if outcome.refusal is None:
            return Action.PASS
        await self._a_day()
        return Action.SEND_AGAIN

    async def _a_day(self):
        self.days += 1
        loop = asyncio.get_running_loop()
        now = loop.time
        loop.time = lambda: now() + 86_400
        for _ in range(5):  # whatever is due by now is called back
            await asyncio.sleep(0)


async def with_aiohttp(url):
    timeout = aiohttp.ClientTimeout(total=30, connect=10, sock_read=10)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.post(url) as response:
        return response.status, await response.read()


async def with_httpx(url):
    async with httpx.AsyncClient(timeout=httpx.Timeout(10, pool=1)) as client:
        response = await client.post(url)
        return response.status_code, response.content


@pytest.mark.parametrize("ask", [with_aiohttp, with_httpx])
def test_of_clients(server, gate, answers, ask):
    gate.chain = Chain([waits := WaitsForADay(), gate.recorder])
    server.script = [answers.refusal_answer(429)]
    status, body = asyncio.run(ask(server.url + PATH))
    assert (status, b"hello" in body) == (200, True)
    assert waits.days == 3
    assert server.requests == 2


@pytest.mark.parametrize("asking", [sdk for sdk in SDKS if "async" in sdk.name], ids=repr)
def test_of_sdks(server, gate, answers, asking):
    """No SDK gives up or sends a retry of its own meanwhile: it is one call to the end."""
    gate.chain = Chain([waits := WaitsForADay(), gate.recorder])
    server.script = [answers.refusal_answer(429)]
    assert asking.ask(server.url) == "hello"
    assert waits.days == 3
    assert server.requests == 2
    assert len(set(gate.recorder.calls)) == 1
