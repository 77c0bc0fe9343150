"""However an attempt ends, middleware is told that it has ended: always, once, and last."""

from __future__ import annotations

import asyncio
import gc
from types import SimpleNamespace

import aiohttp
import httpx
import httpx2
import pytest
import requests

from massgen_plugins.chain import Chain
from massgen_plugins.errors import CallRefused
from massgen_plugins.middleware import Action, Middleware
from massgen_plugins.wire.sync_bridge import drive

pytestmark = pytest.mark.usefixtures("only_new_garbage")

PATH = "/v1/models/m:streamGenerateContent"


class OfAiohttp:
    """One streaming request; each step of reading is the client's own."""

    async def __aenter__(self):
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_):
        await self._session.close()

    async def open(self, url):
        return await self._session.post(url)

    async def one_piece(self, response):
        return await response.content.readany()

    async def whole(self, response):
        return await response.read()

    async def close(self, response):
        response.close()


class OfHttpx:
    package = httpx

    async def __aenter__(self):
        self._client = self.package.AsyncClient()
        return self

    async def __aexit__(self, *_):
        await self._client.aclose()

    async def open(self, url):
        return await self._client.send(self._client.build_request("POST", url), stream=True)

    async def one_piece(self, response):
        self._pieces = response.aiter_raw()  # kept: to drop it would close the stream
        return await anext(self._pieces)

    async def whole(self, response):
        return await response.aread()

    async def close(self, response):
        await response.aclose()


class OfHttpx2(OfHttpx):
    package = httpx2


class OfSyncHttpx:
    async def __aenter__(self):
        self._client = httpx.Client()
        return self

    async def __aexit__(self, *_):
        self._client.close()

    async def open(self, url):
        return self._client.send(self._client.build_request("POST", url), stream=True)

    async def one_piece(self, response):
        self._pieces = response.iter_raw()
        return next(self._pieces)

    async def whole(self, response):
        return response.read()

    async def close(self, response):
        response.close()


class OfRequests:
    async def __aenter__(self):
        self._session = requests.Session()
        return self

    async def __aexit__(self, *_):
        self._session.close()

    async def open(self, url):
        return self._session.post(url, stream=True, timeout=10)

    async def one_piece(self, response):
        self._pieces = response.iter_content(None)
        return next(self._pieces)

    async def whole(self, response):
        return response.content

    async def close(self, response):
        response.close()


CLIENTS = [OfAiohttp, OfHttpx, OfHttpx2, OfSyncHttpx, OfRequests]


@pytest.fixture(params=CLIENTS, ids=lambda client: client.__name__)
def run(request, server, gate):
    """Runs a scenario with a client; what middleware was told has to end with one ``finished``."""

    def run(scenario, *, attempts=1):
        async def whole():
            async with request.param() as client:
                await scenario(client, server.url + PATH)

        asyncio.run(whole())
        gc.collect()  # aiohttp itself keeps a response that is open until its connection is gone
        assert gate.recorder.names.count("before") == attempts
        for _ in range(attempts):
            assert gate.recorder.finished.acquire(timeout=5)
        assert gate.recorder.names.count("finished") == attempts
        assert gate.recorder.names[-1] == "finished"

    return run


def half_then_wait(server, answers):
    async def half(request):
        response = await answers.stream_answer(request, answers.usual_events(request.path)[:1])
        await server.wait_to_go_on()
        return response

    return half


def test_read_to_the_end(run):
    async def scenario(client, url):
        await client.whole(await client.open(url))

    run(scenario)


def test_read_to_the_end_and_closed_twice(run):
    async def scenario(client, url):
        response = await client.open(url)
        await client.whole(response)
        await client.close(response)
        await client.close(response)

    run(scenario)


def test_closed_unread(run):
    async def scenario(client, url):
        await client.close(await client.open(url))

    run(scenario)


def test_closed_halfway(run, server, answers, gate):
    async def scenario(client, url):
        server.script = [half_then_wait(server, answers)]
        response = await client.open(url)
        await client.one_piece(response)
        assert "finished" not in gate.recorder.names
        await client.close(response)
        assert gate.recorder.names[-1] == "finished"
        server.go_on.set()

    run(scenario)


@pytest.mark.filterwarnings("ignore:Unclosed response:ResourceWarning", "ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_dropped_unread(run, gate):
    async def scenario(client, url):
        response = await client.open(url)
        assert "finished" not in gate.recorder.names
        del response
        gc.collect()

    run(scenario)


@pytest.mark.filterwarnings("ignore:Unclosed response:ResourceWarning", "ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_stopped_at_the_usage_and_left_open(run, server, answers, gate):
    """As MassGen reads: it stops at the event with the usage, and closes nothing."""

    async def scenario(client, url):
        server.script = [half_then_wait(server, answers)]
        response = await client.open(url)
        await client.one_piece(response)
        assert gate.recorder.usages == [7], "known at once, not at the end"
        assert "finished" not in gate.recorder.names
        client._pieces = None
        del response
        gc.collect()
        await asyncio.sleep(0)
        gc.collect()
        server.go_on.set()

    run(scenario)


def test_absorbed_refusals(run, server, answers):
    async def scenario(client, url):
        server.script = [answers.refusal_answer(429)] * 2
        await client.whole(await client.open(url))

    run(scenario, attempts=3)


def test_our_refusal_after_the_answer(run, gate):
    class RefusesAfter(Middleware):
        async def after_call(self, call, outcome):
            raise CallRefused("The daily limit is used up.")

    async def scenario(client, url):
        gate.chain = Chain([gate.recorder, RefusesAfter()])
        try:
            await client.close(await client.open(url))
        except CallRefused:
            assert isinstance(client, OfAiohttp)

    run(scenario)


def test_nobody_answers(run, unused_port):
    async def scenario(client, url):
        with pytest.raises((OSError, httpx.ConnectError, httpx2.ConnectError)):
            await client.open(f"http://127.0.0.1:{unused_port}{PATH}")

    run(scenario)


def test_the_server_hangs_up(run, server, answers):
    async def scenario(client, url):
        server.script = [answers.hanging_up]
        with pytest.raises((OSError, aiohttp.ServerDisconnectedError, httpx.HTTPError, httpx2.HTTPError)):
            await client.open(url)

    run(scenario)


def test_the_body_breaks_off(run, server, answers):
    async def broken(request):
        response = await answers.stream_answer(request, answers.usual_events(request.path)[:1])
        request.transport.close()
        return response

    async def scenario(client, url):
        server.script = [broken]
        response = await client.open(url)
        with pytest.raises((OSError, aiohttp.ClientPayloadError, httpx.HTTPError, httpx2.HTTPError)):
            await client.whole(response)
        await client.close(response)

    run(scenario)


def test_no_body(run, server):
    from aiohttp import web

    async def scenario(client, url):
        server.script = [lambda request: asyncio.sleep(0, web.Response(status=204))]
        await client.whole(await client.open(url))

    run(scenario)


def test_a_fault_of_ours_in_the_reading(run, gate):
    gate.faults_expected = True

    def fail(*_):
        raise SystemExit("a fault of ours")

    async def scenario(client, url):
        gate.provider.usage_reader = lambda request: SimpleNamespace(feed=fail, usage=fail)
        await client.whole(await client.open(url))

    run(scenario)
    assert [place for place, _ in gate.faults] == ["usage"]


@pytest.fixture(params=[OfAiohttp, OfHttpx], ids=lambda client: client.__name__)
def halted(request, server, gate):
    """Cancels a caller that has come as far as the scenario lets it."""

    def halted(place):
        reached = asyncio.Event()
        go_on = asyncio.Event()

        class Halting(Middleware):
            async def after_call(self, call, outcome):
                if place == "judgement":
                    reached.set()
                    await go_on.wait()
                return Action.PASS

            def on_written(self, call):
                if place == "headers":
                    reached.set()

        async def whole():
            gate.chain = Chain([Halting(), gate.recorder])
            async with request.param() as client:
                task = asyncio.create_task(client.open(server.url + PATH))
                await reached.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                before = list(gate.recorder.names)
                go_on.set()
                server.go_on.set()
                await asyncio.to_thread(gate.recorder.finished.acquire, timeout=5)
            return before

        return asyncio.run(whole())

    return halted


def test_cancelled_while_it_waits_for_the_headers(halted, server, answers, gate):
    server.script = [half_then_wait(server, answers)]
    assert halted("headers")[-1] == "finished"
    assert gate.recorder.names == ["before", "written", "after", "finished"]


def test_cancelled_while_it_is_judged_it_ends_after_the_judgement(halted, gate):
    assert halted("judgement") == ["before", "written", "after"], "the inner judgement is done, the outer not"
    assert gate.recorder.names == ["before", "written", "after", "finished"]


def test_a_coroutine_that_is_dropped_halfway(gate):
    """No task runs it: what drives it by hand lets go of it."""
    from massgen_plugins.wire.exchange import Exchange

    class Runner:
        urgent = False

        async def run(self, work):
            return await work

        finish = run

    class Sender:
        repeatable = True

        def read(self):
            return SimpleNamespace(url=PATH, body=b"")

        async def send(self):
            await asyncio.sleep(0)

    running = Exchange(gate, gate.provider, Sender(), Runner()).run()
    running.send(None)
    running.close()
    assert gate.recorder.finished.acquire(timeout=5)
    assert gate.recorder.names == ["before", "finished"]


def test_an_admission_that_was_refused_has_no_end(gate, server):
    class Refuses(Middleware):
        async def before_call(self, call):
            raise CallRefused("The daily limit is used up.")

    gate.chain = Chain([Refuses(), gate.recorder])
    assert httpx.post(server.url + PATH).status_code == 403
    assert gate.recorder.events == []


def test_the_end_is_told_without_the_lock_of_whoever_drops_the_answer(gate, server):
    """A middleware's own lock is held while the garbage collector finds the answer: no deadlock."""
    import threading

    lock = threading.Lock()
    told = threading.Event()

    class Locking(Middleware):
        def on_finished(self, call):
            with lock:
                told.set()

    gate.chain = Chain([Locking()])
    client = httpx.Client()
    response = client.send(client.build_request("POST", server.url + PATH), stream=True)
    with lock:
        del response
        gc.collect()
    assert told.wait(5)
    client.close()


def test_whatever_never_suspends_is_driven_to_its_end():
    async def three():
        return 3

    assert drive(three()) == 3
