"""Traffic that nobody recognises, or that the wire cannot read, passes, and the host is told of it."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import aiohttp
import httpx
import pytest
import requests

OTHER = "/v1beta/models/vertex_ai/gemini-2.5-pro:unknownMethod"


async def with_aiohttp(url, **body):
    async with aiohttp.ClientSession() as session, session.post(url, **body) as response:
        return response.status


async def with_httpx(url, **body):
    async with httpx.AsyncClient() as client:
        return (await client.post(url, **body)).status_code


async def with_sync_httpx(url, **body):
    return httpx.post(url, **body).status_code


async def with_requests(url, **body):
    return requests.post(url, timeout=10, **body).status_code


@pytest.mark.parametrize("post", [with_aiohttp, with_httpx, with_sync_httpx, with_requests])
class TestPosts:
    def test_with_a_body_are_told_of(self, server, gate, post):
        assert asyncio.run(post(server.url + OTHER, json={"contents": []})) == 200
        assert gate.unknown == [("POST", server.url + OTHER)]
        assert gate.recorder.events == []

    def test_without_one_are_not(self, server, gate, post):
        assert asyncio.run(post(server.url + OTHER)) == 200
        assert gate.unknown == []

    def test_a_host_that_fails_changes_nothing(self, server, gate, post):
        gate.faults_expected = True

        def fail(method, url):
            raise SystemExit("a fault of ours")

        gate.unrecognised = fail
        assert asyncio.run(post(server.url + OTHER, json={})) == 200
        assert len(gate.faults) == 1


def test_a_stream_as_a_body_counts_as_one(server, gate):
    async def pieces():
        yield b"{}"

    asyncio.run(with_httpx(server.url + OTHER, content=pieces()))
    assert gate.unknown == [("POST", server.url + OTHER)]


def test_what_is_only_read_is_not_told_of(server, gate):
    httpx.get(server.url + OTHER)
    requests.get(server.url + OTHER, timeout=10)
    assert gate.unknown == []


def test_a_model_call_is_not_told_of(server, gate):
    httpx.post(server.url + "/v1/messages", json={})
    assert gate.unknown == []


def told(code):
    """What a gate is told of by a program that imports its clients before and after the wire is opened."""
    program = f"""
import asyncio
class Gate:
    def unrecognised(self, method, url): print(method, url)
    def fault(self, place, error): raise error
from massgen_plugins import wire
{code}
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.stderr == ""
    return result.stdout.splitlines()


SOCKETS = """
async def connect():
    import websockets
    try:
        await websockets.connect("ws://127.0.0.1:9/v1/responses")
    except OSError:
        print("nobody there")
asyncio.run(connect())
"""
CHANNELS = """
import grpc
grpc.insecure_channel("127.0.0.1:9").close()
grpc.secure_channel("127.0.0.1:9", grpc.ssl_channel_credentials()).close()
async def connect():
    import grpc.aio
    await grpc.aio.insecure_channel("127.0.0.1:9").close()
asyncio.run(connect())
"""


@pytest.mark.parametrize(
    "order", ["wire.install(Gate())\n{}", "import websockets.asyncio.client\nwire.install(Gate())\n{}"]
)
def test_web_sockets_are_told_of(order):
    pytest.importorskip("websockets")
    assert told(order.format(SOCKETS)) == ["GET ws://127.0.0.1:9/v1/responses", "nobody there"]


@pytest.mark.parametrize("order", ["wire.install(Gate())\n{}", "import grpc.aio\nwire.install(Gate())\n{}"])
def test_grpc_channels_are_told_of(order):
    pytest.importorskip("grpc")
    assert told(order.format(CHANNELS)) == ["POST grpc://127.0.0.1:9"] * 3
