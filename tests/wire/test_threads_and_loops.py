"""Synchronous callers, several loops and threads, uvloop, forks and the interpreter's end."""

from __future__ import annotations

import asyncio
import contextvars
import os
import signal
import subprocess
import sys
import threading

import aiohttp
import httpx
import pytest

from massgen_plugins.chain import Chain
from massgen_plugins.middleware import Middleware

PATH = "/v1/messages"
who = contextvars.ContextVar("who", default="nobody")


class Notes(Middleware):
    def __init__(self):
        self.notes = []

    async def before_call(self, call):
        await asyncio.sleep(0)
        self.notes.append((who.get(), threading.current_thread().name))


async def ask_with_aiohttp(url):
    async with aiohttp.ClientSession(url) as session, session.post(PATH) as response:
        return await response.read()


async def ask_with_httpx(url):
    async with httpx.AsyncClient(base_url=url) as client:
        return (await client.post(PATH)).content


def test_a_synchronous_caller_is_admitted_on_a_private_loop_in_its_own_context(server, gate):
    notes = Notes()
    gate.chain = Chain([notes])
    token = who.set("agent7")
    httpx.post(server.url + PATH)
    who.reset(token)
    assert notes.notes == [("agent7", "massgen-plugins")]
    assert gate.urgent == [False]


def test_a_synchronous_caller_that_blocks_a_loop_is_urgent(server, gate):
    async def tool():
        return httpx.post(server.url + PATH)

    assert asyncio.run(tool()).status_code == 200
    assert gate.urgent == [True]
    assert gate.recorder.calls[0].urgent


def test_an_asynchronous_caller_is_not_urgent(server, gate):
    asyncio.run(ask_with_httpx(server.url))
    assert gate.urgent == [False]


def test_several_loops_in_several_threads(server, gate):
    results = []

    def work():
        results.extend(asyncio.run(ask(server.url)) for ask in (ask_with_aiohttp, ask_with_httpx))
        results.append(httpx.post(server.url + PATH).content)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 18
    assert len(set(results)) == 1
    assert server.requests == gate.recorder.names.count("before") == gate.recorder.names.count("usage") == 18


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop does not exist there")
def test_under_uvloop(server, gate):
    import uvloop

    for ask in (ask_with_aiohttp, ask_with_httpx):
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            assert runner.run(ask(server.url))

    async def blocking():
        return httpx.post(server.url + PATH).content

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(blocking())
    assert gate.recorder.names == ["before", "written", "after", "usage", "finished"] * 3


def test_an_interrupted_synchronous_caller_gives_its_place_back(server, gate):
    """Ctrl-C in the main thread while it waits for admission."""
    cancelled = threading.Event()

    class Endless(Middleware):
        async def before_call(self, call):
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.set()
                raise

    gate.chain = Chain([gate.recorder, Endless()])
    # Whoever runs the tests may have it ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            httpx.post(server.url + PATH)
    finally:
        signal.signal(signal.SIGINT, before)
    assert cancelled.is_set()
    (outcome,) = gate.recorder.outcomes
    assert (outcome.status, outcome.sent) == (0, False)
    assert server.requests == 0


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, asyncio.CancelledError])
@pytest.mark.parametrize("method", ["before_call", "after_call"])
def test_what_middleware_raises_does_not_end_the_thread_of_all_synchronous_callers(
    server, gate, error, method
):
    gate.faults_expected = True

    async def fail(*_):
        raise error

    broken = Middleware()
    setattr(broken, method, fail)
    gate.chain = Chain([broken])
    assert [httpx.post(server.url + PATH).status_code for _ in range(2)] == [200, 200]
    assert [place for place, _ in gate.faults] == [method, method]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_forked_child_calls_on(server, gate):
    httpx.post(server.url + PATH)
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # rather die than hang
        ok = False
        try:
            ok = httpx.post(server.url + PATH).status_code == 200 and len(gate.recorder.calls) == 2
        finally:
            os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    httpx.post(server.url + PATH)
    assert gate.recorder.names.count("before") == 2
    assert server.requests == 3


def test_the_interpreter_ends_quietly(server):
    code = f"""
import atexit, httpx
from massgen_plugins import wire
from massgen_plugins.middleware import *
from massgen_plugins.providers.base import ModelRequest
from massgen_plugins.chain import Chain
from massgen_plugins.quota import Domain
class Provider:
    def read_request(self, request): return ModelRequest("m", "m", "k", "", {{}}, False)
    def usage_reader(self, request): return None
    def read_announcement(self, headers, request): return ()
class Gate:
    chain = Chain([Middleware()])
    def provider_for(self, method, url): return Provider()
    def open_call(self, *_, **__): return ModelCall(Domain("p", "a"), ("m",), "m", "m", {{}})
    def fault(self, place, error): pass
wire.install(Gate())
atexit.register(lambda: print(httpx.post({server.url + PATH!r}).status_code))
print(httpx.post({server.url + PATH!r}).status_code)
"""
    result = subprocess.run(
        [sys.executable, "-X", "dev", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.stdout.split(), result.stderr, result.returncode) == (["200", "200"], "", 0)
