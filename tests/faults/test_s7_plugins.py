"""S7: a plugin's fault costs that plugin alone, is said once, and the run goes on limited."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from massgen_plugins.hookspecs import hookimpl
from massgen_plugins.middleware import Middleware
from massgen_plugins.providers.base import Provider
from massgen_plugins.providers.gemini.provider import GeminiProvider

from .bed import LIMIT, bed, limits
from .server import CountingServer

ENDINGS = [SystemExit, asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, RuntimeError]


class Other(Provider):
    """A provider that serves nobody, unless a test changes it."""

    name = "other"

    def serves(self, backend_type: str, base_url: str | None) -> bool:
        return False

    def is_model_call(self, method: str, url: str) -> bool:
        return False

    def read_request(self, request: Any) -> None:
        return None

    def usage_reader(self, request: Any) -> Any:
        raise NotImplementedError

    def read_refusal(self, status: int, headers: Any, body: bytes, request: Any) -> None:
        return None


def provider(**faulty: Any) -> Any:
    """A plugin with a provider of this kind."""
    made = Other()
    vars(made).update(faulty)
    return SimpleNamespace(massgen_provider=hookimpl(lambda: made))


def raising(error: type[BaseException]) -> Any:
    def fail(*_: Any, **__: Any) -> Any:
        raise error(f"number {os.urandom(4).hex()}")

    return fail


def middleware(method: str, fail: Any) -> Any:
    async def awaited(*_: Any) -> Any:
        return fail()

    made = type("Faulty", (Middleware,), {})()
    setattr(made, method, awaited if method in ("before_call", "after_call") else fail)
    return SimpleNamespace(massgen_middleware=hookimpl(lambda: made))


def limited(server: CountingServer, tmp_path: Path, plugin: Any) -> list[str]:
    """The sentences of a process with this plugin, whose calls are limited as ever."""
    with bed(server, limits(tmp_path / "quota.sqlite3"), extra=[plugin]) as process:
        assert process.calls(3 * LIMIT) == LIMIT
        assert process.calls(2 * LIMIT) == 0
        return [line for line in process.said if "would have to wait" not in line]


@pytest.mark.parametrize(
    "wrong", [{"name": None}, {"name": 7}, {"name": ""}, {"name": "a b"}, {"conventions": None}]
)
def test_a_provider_of_a_wrong_shape_is_left_out(server, tmp_path, wrong) -> None:
    assert len(limited(server, tmp_path, provider(**wrong))) == 1


def test_a_provider_that_claims_every_request_does_not_unlimit_others(server, tmp_path) -> None:
    assert limited(server, tmp_path, provider(is_model_call=lambda *_: True)) == []


@pytest.mark.parametrize("method", ["is_model_call", "read_request", "usage_reader", "read_announcement"])
def test_an_agent_whose_own_provider_fails_is_limited(server, tmp_path, method) -> None:
    class Broken(GeminiProvider):
        name = "broken"

    made = Broken()
    vars(made)[method] = raising(RuntimeError)
    plugin = SimpleNamespace(massgen_provider=hookimpl(lambda: made))
    limit = {"kind": "requests", "amount": LIMIT, "window": "60s"}
    profile = {"fallback": {"limits": [limit]}, "source": "https://broken.example", "date": "2026-11-30"}
    defined = {"provider": "broken", "profiles": {"one": profile}}
    settings = {**limits(tmp_path / "quota.sqlite3"), "define": [defined], "profile": {"broken": "one"}}
    with bed(server, settings, extra=[plugin]) as process:
        assert process.calls(3 * LIMIT, provider="broken") == LIMIT
        assert process.calls(3 * LIMIT, provider="broken") == 0
        assert len([line for line in process.said if "RuntimeError" in line]) == 1


@pytest.mark.parametrize("error", ENDINGS)
@pytest.mark.parametrize("method", ["before_call", "after_call", "on_written", "on_usage"])
def test_whatever_a_middleware_raises(server, tmp_path, method, error) -> None:
    said = limited(server, tmp_path, middleware(method, raising(error)))
    assert len(said) == 1
    assert f"Faulty.{method}" in said[0]


@pytest.mark.parametrize("error", ENDINGS)
@pytest.mark.parametrize("hook", ["massgen_middleware", "massgen_provider", "massgen_event"])
def test_whatever_a_hook_raises(server, tmp_path, hook, error) -> None:
    fail = raising(error)
    plugin = SimpleNamespace(**{hook: hookimpl(lambda: fail())})  # noqa: PLW0108 - it takes no arguments
    said = limited(server, tmp_path, plugin)
    assert len(said) == 1
    assert hook in said[0]


def test_what_a_plugin_is_handed_cannot_be_changed(server, tmp_path) -> None:
    tried: list[str] = []

    def change(call: Any) -> None:
        tried.append("estimate")
        for kind in list(call.estimate):
            call.estimate[kind] = 0

    class Changing(Middleware):
        async def before_call(self, call: Any) -> None:
            change(call)

    made = Changing()
    plugin = SimpleNamespace(massgen_middleware=hookimpl(lambda: made))
    said = limited(server, tmp_path, plugin)
    assert tried
    assert "Changing.before_call" in said[0]


def test_nor_can_the_settings_of_an_agent(server, tmp_path) -> None:
    from massgen_plugins.host.governor import Governor
    from massgen_plugins.host.stream import Agent

    met: list[str] = []

    def spoil(agent: Any) -> None:
        for change in (
            lambda: agent.settings.update(store="memory"),
            lambda: agent.settings["models"].pop("gemini-*-flash"),
            lambda: agent.settings["models"]["gemini-*-flash"]["limits"][0].update(amount=10**9),
        ):
            try:
                change()
            except (TypeError, AttributeError):
                met.append("refused")

    plugin = SimpleNamespace(massgen_agent_starting=hookimpl(spoil))
    settings = limits(tmp_path / "quota.sqlite3")
    with bed(server, settings, extra=[plugin]) as process:
        governor = Governor({"rate_limit": settings}, None, [], process.said.append)
        model = "gemini-2.5-flash"
        gemini = next(each for each in process.runtime.providers if each.name == "gemini")
        process.runtime.agent_starting(Agent("a0", "run1", gemini, model, model, governor))
        assert process.calls(3 * LIMIT) == LIMIT
    assert met == ["refused"] * 3


INTERRUPTED = """
import os, signal, sys
from types import SimpleNamespace
from massgen_plugins.hookspecs import hookimpl
from massgen_plugins.events import Trouble
from massgen_plugins.manager import build_manager

signal.signal(signal.SIGINT, signal.default_int_handler)

def hook():
    os.kill(os.getpid(), signal.SIGINT)
    while True:
        pass

plugins = build_manager(print, extra=[SimpleNamespace(massgen_event=hookimpl(hook))], with_entry_points=False)
try:
    plugins.event(Trouble("x"))
except KeyboardInterrupt:
    sys.exit(7)
"""


def test_a_real_interrupt_within_a_hook_ends_the_run() -> None:
    ran = subprocess.run([sys.executable, "-c", INTERRUPTED], timeout=60, check=False)
    assert ran.returncode == 7


def test_a_real_cancellation_within_a_middleware_goes_on(server, tmp_path) -> None:
    class Waiting(Middleware):
        async def before_call(self, call: Any) -> None:
            await asyncio.sleep(3600)

    made = Waiting()
    plugin = SimpleNamespace(massgen_middleware=hookimpl(lambda: made))
    with (
        bed(server, limits(tmp_path / "quota.sqlite3"), extra=[plugin]) as process,
        pytest.raises(TimeoutError),
    ):
        process.calls(1, timeout=0.5)
    assert server.arrived == 0
    assert signal.getsignal(signal.SIGINT) is not None
