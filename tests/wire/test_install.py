"""The seams go in and come out in any order, beside other people's, and import nothing."""

from __future__ import annotations

import inspect
import subprocess
import sys
import threading

import aiohttp
import httpx
import httpx2
import pytest
import requests
import urllib3

from massgen_plugins import wire

SEND = "_send_single_request"
METHODS = [
    (aiohttp.ClientSession, "_request"),
    (httpx.AsyncClient, SEND),
    (httpx.Client, SEND),
    (httpx2.AsyncClient, SEND),
    (httpx2.Client, SEND),
    (requests.adapters.HTTPAdapter, "send"),
    (urllib3.connection.HTTPConnection, "request"),
    (urllib3.util.retry.Retry, "sleep"),
]
PATH = "/v1/messages"


def methods():
    return [owner.__dict__[name] for owner, name in METHODS]


@pytest.fixture
def untouched():
    before = methods()
    yield before
    wire.uninstall()
    assert methods() == before


def test_installing_twice_is_installing_once(untouched, new_gate):
    wire.install(new_gate())
    once = methods()
    wire.install(new_gate())
    assert methods() == once
    assert not set(once) & set(untouched)
    wire.uninstall()
    wire.uninstall()
    assert methods() == untouched


def test_the_last_gate_counts(untouched, new_gate, server):
    first, second = new_gate(), new_gate()
    wire.install(first)
    wire.install(second)
    httpx.post(server.url + PATH)
    assert (first.recorder.calls == [], len(second.recorder.calls)) == (True, 1)


def test_signatures_stay_visible(untouched, new_gate):
    before = [inspect.signature(method) for method in untouched]
    wire.install(new_gate())
    assert [inspect.signature(method) for method in methods()] == before
    assert "trace_request_ctx" in inspect.signature(aiohttp.ClientSession._request).parameters


def wrapped_by_others(owner, name, heard):
    """What an instrumentation does that knows nothing of us."""
    inner = owner.__dict__[name]

    def send(self, *args, **kwargs):
        heard.append(name)
        return inner(self, *args, **kwargs)

    setattr(owner, name, send)
    return inner


def test_a_wrapper_over_ours_stays_and_ours_lets_pass(untouched, new_gate, server):
    heard, gate = [], new_gate()
    wire.install(gate)
    inner = wrapped_by_others(httpx.Client, SEND, heard)
    theirs = httpx.Client._send_single_request
    wire.uninstall()
    assert httpx.Client._send_single_request is theirs
    httpx.post(server.url + PATH)
    assert heard == [SEND]
    assert gate.recorder.calls == []
    # Installed again it admits once, though it may now be there twice.
    wire.install(gate)
    httpx.post(server.url + PATH)
    assert gate.recorder.names.count("before") == 1
    wire.uninstall()
    assert httpx.Client._send_single_request is theirs
    httpx.Client._send_single_request = inner
    wire.install(gate)
    wire.uninstall()


def test_a_wrapper_below_ours_comes_back(untouched, new_gate, server):
    heard, gate = [], new_gate()
    inner = wrapped_by_others(httpx.Client, SEND, heard)
    theirs = httpx.Client._send_single_request
    wire.install(gate)
    httpx.post(server.url + PATH)
    wire.uninstall()
    assert httpx.Client._send_single_request is theirs
    assert (heard, len(gate.recorder.calls)) == ([SEND], 1)
    httpx.Client._send_single_request = inner


def test_many_threads_may_install_at_once(untouched, new_gate):
    gates = [new_gate() for _ in range(8)]
    threads = [threading.Thread(target=wire.install, args=(gate,)) for gate in gates]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(method.__wrapped__ is before for method, before in zip(methods(), untouched, strict=True))


def in_new_interpreter(code: str) -> str:
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.stderr == ""
    return result.stdout.strip()


def test_no_client_is_imported_for_our_sake():
    code = """
import sys
from massgen_plugins import wire
wire.install(object())
wire.uninstall()
print(sorted({"aiohttp", "httpx", "httpx2", "requests", "websockets", "grpc"} & set(sys.modules)))
"""
    assert in_new_interpreter(code) == "[]"


@pytest.mark.parametrize("package", ["httpx", "httpx2", "aiohttp"])
def test_a_client_that_is_imported_later_is_covered(package):
    code = f"""
import sys
from massgen_plugins import wire
wire.install(object())
import {package} as package
with_send = hasattr(package, "Client")
owner, name = (package.Client, "_send_single_request") if with_send else (package.ClientSession, "_request")
print(hasattr(owner.__dict__[name], "__wrapped__"))
print(package.__spec__.loader.get_source(package.__name__) != "")
wire.uninstall()
print(hasattr(owner.__dict__[name], "__wrapped__"))
"""
    assert in_new_interpreter(code).split() == ["True", "True", "False"]


def test_a_client_that_is_imported_after_the_end_is_left_alone():
    code = """
from massgen_plugins import wire
wire.install(object())
wire.uninstall()
import httpx
print(hasattr(httpx.Client.__dict__["_send_single_request"], "__wrapped__"))
"""
    assert in_new_interpreter(code) == "False"


def test_a_client_that_differs_is_imported_all_the_same():
    code = """
import sys
from massgen_plugins import wire
class Gate:
    def fault(self, place, error):
        print(place, type(error).__name__)
wire.install(Gate())
sys.modules["massgen_plugins.wire.httpx_seam"] = object()
import httpx
"""
    assert in_new_interpreter(code) == "wrapping httpx AttributeError"
