"""A redirect is another request: it is admitted for itself, or not at all if it is no model call."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp
import httpx
import httpx2
import pytest
import requests
from aiohttp import web

from massgen_plugins.chain import Chain
from massgen_plugins.errors import CallRefused
from massgen_plugins.middleware import Middleware

PATH = "/v1/messages"


async def with_aiohttp(url):
    async with aiohttp.ClientSession() as session, session.post(url, data=b"{}") as response:
        return response.status, await response.read()


def with_httpx(package):
    async def ask(url):
        async with package.AsyncClient(follow_redirects=True) as client:
            response = await client.post(url, content=b"{}")
            return response.status_code, response.content

    return ask


async def with_sync_httpx(url):
    response = httpx.post(url, content=b"{}", follow_redirects=True)
    return response.status_code, response.content


async def with_requests(url):
    response = requests.post(url, data=b"{}", timeout=10)
    return response.status_code, response.content


CLIENTS = {
    "aiohttp": with_aiohttp,
    "httpx": with_httpx(httpx),
    "httpx2": with_httpx(httpx2),
    "sync httpx": with_sync_httpx,
    "requests": with_requests,
}


@pytest.fixture(params=CLIENTS.values(), ids=CLIENTS)
def ask(request, server):
    return lambda path=PATH: asyncio.run(request.param(server.url + path))


def to(path, status=307):
    async def answer(request):
        return web.Response(status=status, headers={"location": path})

    return answer


ONE = ["before", "written", "after", "finished"]


def test_each_hop_is_admitted(server, gate, ask):
    server.script = [to(PATH), to("/v1/messages?again")]
    status, body = ask()
    assert (status, b"hello" in body) == (200, True)
    assert gate.recorder.names == [*ONE, *ONE, "before", "written", "after", "usage", "finished"]
    assert [outcome.status for outcome in gate.recorder.outcomes] == [307, 307, 200]
    assert len(set(gate.recorder.calls)) == server.requests == 3


def test_a_loop_of_redirects_is_admitted_as_often_as_it_is_sent(server, gate, ask):
    server.script = [to(PATH)] * 100
    with pytest.raises((aiohttp.TooManyRedirects, httpx.TooManyRedirects, httpx2.TooManyRedirects, OSError)):
        ask()
    assert server.requests == gate.recorder.names.count("written")
    assert gate.recorder.names.count("before") == gate.recorder.names.count("finished")


@pytest.mark.parametrize("status", [302, 303])
def test_a_redirect_that_becomes_a_get_is_no_model_call(server, gate, ask, status):
    server.script = [to(PATH, status)]
    assert ask()[0] == 200
    assert gate.recorder.names == ONE


def test_a_redirect_to_elsewhere_is_told_of(server, gate, ask):
    server.script = [to("/elsewhere")]
    assert ask()[0] == 200
    assert gate.recorder.names == ONE
    assert gate.unknown == [("POST", f"{server.url}/elsewhere")]


def test_a_redirect_that_points_nowhere(server, gate, ask):
    server.script = [to("http://[::1")]
    with suppress(aiohttp.ClientError, httpx.HTTPError, httpx2.HTTPError, OSError, ValueError):
        ask()
    assert gate.recorder.names == ONE


def test_a_hop_that_may_not_leave_does_not(server, gate, ask):
    class RefusesTheSecond(Middleware):
        calls = 0

        async def before_call(self, call):
            self.calls += 1
            if self.calls == 2:
                raise CallRefused("The daily limit is used up.")

    gate.chain = Chain([RefusesTheSecond(), gate.recorder])
    server.script = [to(PATH)]
    try:
        status, body = ask()
    except CallRefused as refused:
        status, body = 403, str(refused).encode()
    assert status == 403
    assert b"daily limit is used up" in body
    assert server.requests == 1
    assert gate.recorder.names == ONE
    assert len(gate.refusals) == 1


def test_a_refusal_behind_a_redirect_is_absorbed(server, gate, ask, answers):
    server.script = [to("/v1/messages?2"), answers.refusal_answer(429), to("/v1/messages?2")]
    assert ask()[0] == 200
    assert server.requests == gate.recorder.names.count("before") == gate.recorder.names.count("finished")
