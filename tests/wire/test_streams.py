"""Streams of real clients: the same bytes, at the same time, and nothing of the client's own is changed."""

from __future__ import annotations

import asyncio

import aiohttp
import httpx
import httpx2
import pytest

PATH = "/v1/models/m:streamGenerateContent"
PACKAGES = [httpx, httpx2]


def gzipped(answers):
    async def answer(request):
        return await answers.usual_answer(request, coding="gzip")

    return answer


def whole_body(answers):
    return b"".join(answers.usual_events(PATH))


async def with_aiohttp(url, read, **options):
    async with aiohttp.ClientSession(url, **options) as session, session.post(PATH) as response:
        return await read(response)


async def read_lines(response):
    return b"".join([line async for line in response.content])


async def read_chunks(response):
    return b"".join([data async for data, _ in response.content.iter_chunks()])


@pytest.mark.parametrize("read", [read_lines, read_chunks, aiohttp.ClientResponse.read])
@pytest.mark.parametrize("compressed", [False, True])
def test_aiohttp_reads_what_was_sent(server, gate, answers, read, compressed):
    if compressed:
        server.script = [gzipped(answers)]
    assert asyncio.run(with_aiohttp(server.url, read)) == whole_body(answers)
    assert gate.recorder.usages == [7]


def test_aiohttp_reads_compressed_bytes_if_it_wants_to(server, gate, answers):
    server.script = [gzipped(answers)]
    raw = asyncio.run(with_aiohttp(server.url, aiohttp.ClientResponse.read, auto_decompress=False))
    assert raw.startswith(b"\x1f\x8b")
    assert gate.recorder.usages == [7]


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("compressed", [False, True])
def test_httpx_reads_what_was_sent(server, gate, answers, package, compressed):
    body = whole_body(answers)

    async def asynchronous(read):
        async with (
            package.AsyncClient(base_url=server.url) as client,
            client.stream("POST", PATH) as response,
        ):
            return await read(response)

    def synchronous(read):
        with package.Client(base_url=server.url) as client, client.stream("POST", PATH) as response:
            return read(response)

    async def bytes_of(response):
        return b"".join([data async for data in response.aiter_bytes()])

    async def lines_of(response):
        return [line async for line in response.aiter_lines()]

    async def raw_of(response):
        return b"".join([data async for data in response.aiter_raw()])

    if compressed:
        server.script = [gzipped(answers)] * 8
    assert asyncio.run(asynchronous(bytes_of)) == body
    assert asyncio.run(asynchronous(package.Response.aread)) == body
    assert asyncio.run(asynchronous(lines_of)) == body.decode().splitlines()
    assert synchronous(lambda response: b"".join(response.iter_bytes())) == body
    assert synchronous(package.Response.read) == body
    assert synchronous(lambda response: list(response.iter_lines())) == body.decode().splitlines()
    raw = asyncio.run(asynchronous(raw_of))
    assert synchronous(lambda response: b"".join(response.iter_raw())) == raw
    assert (raw == body) != compressed
    assert gate.recorder.usages == [7] * 8


@pytest.mark.parametrize("package", PACKAGES)
def test_httpx_keeps_its_account_of_a_response(server, gate, package):
    response = package.post(f"{server.url}{PATH}")
    assert response.elapsed.total_seconds() > 0
    assert response.num_bytes_downloaded == len(response.content)
    assert response.is_closed


def test_each_event_is_passed_on_when_it_comes(server, gate, answers):
    first, second = answers.usual_events(PATH)

    async def one_by_one(request):
        response = await answers.stream_answer(request, [first])
        await server.wait_to_go_on()
        await response.write(second)
        return response

    async def with_httpx():
        async with httpx.AsyncClient(base_url=server.url) as client, client.stream("POST", PATH) as response:
            pieces = response.aiter_bytes()
            yield await anext(pieces)
            server.go_on.set()
            yield await anext(pieces)

    async def aiohttp_pieces():
        async with aiohttp.ClientSession(server.url) as session, session.post(PATH) as response:
            yield await response.content.readany()
            server.go_on.set()
            yield await response.content.readany()

    async def collect(pieces):
        return [piece async for piece in pieces]

    for pieces in (with_httpx, aiohttp_pieces):
        server.go_on.clear()
        server.script = [one_by_one]
        assert asyncio.run(collect(pieces())) == [first, second]


def test_usage_counts_when_the_client_stops_reading(server, gate, answers):
    async def half(request):
        response = await answers.stream_answer(request, answers.usual_events(PATH)[:1])
        await server.wait_to_go_on()
        return response

    async def with_httpx():
        async with httpx.AsyncClient(base_url=server.url) as client, client.stream("POST", PATH) as response:
            await anext(response.aiter_bytes())

    async def read_once(response):
        await response.content.readany()

    server.script = [half] * 3
    asyncio.run(with_httpx())
    asyncio.run(with_aiohttp(server.url, read_once))
    with httpx.Client(base_url=server.url) as client, client.stream("POST", PATH) as response:
        next(response.iter_bytes())
    assert gate.recorder.usages == [7, 7, 7]


def test_a_trace_of_the_user_goes_on_and_the_request_comes_back_as_it_was(server, gate):
    heard = []

    async def listen(event, info):
        heard.append(event)

    async def asynchronous():
        async with httpx.AsyncClient() as client:
            request = client.build_request("POST", f"{server.url}{PATH}", extensions={"trace": listen})
            await client.send(request)
        return request.extensions["trace"]

    def synchronous():
        with httpx.Client() as client:

            def trace(event, info):
                heard.append(event)

            request = client.build_request("POST", f"{server.url}{PATH}", extensions={"trace": trace})
            client.send(request)
            plain = client.build_request("POST", f"{server.url}{PATH}")
            client.send(plain)
        return request.extensions["trace"] is trace and "trace" not in plain.extensions

    assert asyncio.run(asynchronous()) is listen
    assert synchronous()
    assert heard.count("http11.send_request_headers.started") == 2
    assert heard.count("http11.receive_response_body.complete") == 2


def test_the_traces_that_a_user_gave_to_a_session_stay_his(server, gate):
    mine = [aiohttp.TraceConfig()]

    async def ask():
        async with aiohttp.ClientSession(server.url, trace_configs=mine) as session:
            await (await session.post(PATH)).read()
            await (await session.post(PATH)).read()

    asyncio.run(ask())
    assert len(mine) == 1
    assert gate.recorder.names.count("written") == 2


def test_a_transport_that_does_not_tell_counts_as_writing_at_once(gate):
    def fails(request):
        raise httpx.ConnectError("nobody there")

    with httpx.Client(transport=httpx.MockTransport(fails)) as client, pytest.raises(httpx.ConnectError):
        client.post(f"http://example.invalid{PATH}")
    assert gate.recorder.names == ["before", "written", "after", "finished"]
    assert gate.recorder.outcomes[0].sent
