"""The whole way of a call, from Google's SDK through wire, provider and limiter to a server that counts."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack

import pytest

from massgen_plugins import wire
from massgen_plugins.host.governor import Governor
from massgen_plugins.host.stream import Agent, Turn, current_turn
from massgen_plugins.quota import Kind
from massgen_plugins.rate_limit import limiters
from massgen_plugins.rate_limit.viewing import view_file
from massgen_plugins.sandbox import (
    Fault,
    FaultRule,
    Place,
    QuotaKind,
    SandboxConfig,
    SandboxProcess,
    per_model,
)

# google-genai and aiohttp disagree about subclassing ClientSession; neither is ours.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
MODEL = "gemini-2.5-flash"


class Stage:
    """A sandbox, a client of it, and a runtime in which one agent is switched on."""

    def __init__(self, runtime, server: SandboxProcess, store, said: list[str], **limits) -> None:
        from google import genai

        self.runtime, self.server, self.said = runtime, server, said
        settings = (
            {"store": str(store), "models": {"gemini-*-flash": limits}} if limits else {"store": str(store)}
        )
        governor = Governor({"rate_limit": settings}, None, [], said.append)
        provider = runtime.provider_of_backend("gemini", server.url)
        self.store = store
        self.turn = Turn(Agent("a0", "run1", provider, MODEL, MODEL, governor))
        options = genai.types.HttpOptions(base_url=server.url)
        self.client = genai.Client(api_key="k", http_options=options)
        wire.install(runtime)

    def run(self, main):
        """Run a coroutine as part of the agent's turn."""

        async def within_the_turn():
            current_turn.set(self.turn)
            return await self.closing(main)

        return asyncio.run(within_the_turn())

    async def closing(self, main):
        try:
            return await main
        finally:
            await self.client.aio.aclose()

    def booked(self, kind: Kind = Kind.REQUESTS) -> set[int]:
        """What the store has counted of a kind, by each limit."""
        limiters._close_all()  # what could wait is written
        pools = view_file(self.store).pools
        return {row.used for view in pools for row in view.limits if row.limit.kind == kind}

    async def ask(self, text: str, **config) -> str:
        answer = await self.client.aio.models.generate_content(model=MODEL, contents=text, **config)
        return answer.text

    async def stream(self, text: str) -> str:
        chunks = await self.client.aio.models.generate_content_stream(model=MODEL, contents=text)
        return "".join([chunk.text or "" async for chunk in chunks])


@pytest.fixture
def stage(shared, store, said):
    with ExitStack() as stack:

        def make(config: SandboxConfig | None = None, **limits) -> Stage:
            server = stack.enter_context(SandboxProcess(config or SandboxConfig()))
            made = Stage(shared, server, store, said, **limits)
            stack.callback(made.client.close)
            return made

        yield make


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def test_every_round_of_a_function_calling_loop_is_counted(stage) -> None:
    on = stage()
    script = 'SANDBOX: call_tool add {"a": 2, "b": 3}\nSANDBOX: call_tool add {"a": 4, "b": 5}'
    on.run(on.ask(script, config={"tools": [add]}))
    report = on.server.report()
    assert report.arrived == 3
    assert on.booked() == {3}


def test_every_hop_of_a_continued_answer_is_counted(stage) -> None:
    on = stage()
    on.run(on.stream("SANDBOX: continue"))
    assert on.server.report().arrived == 2
    assert on.booked() == {2}


def test_what_is_settled_is_what_the_server_counted(stage) -> None:
    on = stage()

    async def main() -> None:
        streams = [on.stream(f"{number} " * 300) for number in range(4)]
        await asyncio.gather(*streams, on.ask("hello " * 99))

    on.run(main())
    assert on.booked(Kind.INPUT_TOKENS) == {sum(on.server.report().input_tokens.values())}


def test_a_retry_of_the_sdk_after_a_server_error_is_counted_too(stage) -> None:
    from google import genai

    on = stage(SandboxConfig(faults=(FaultRule(Fault.INTERNAL, nth=(1,)),)))
    retry = genai.types.HttpOptions(
        retry_options=genai.types.HttpRetryOptions(attempts=3, initial_delay=0.01)
    )
    on.run(on.ask("hello", config={"http_options": retry}))
    assert on.server.report().arrived == 2
    assert on.booked() == {2}


@pytest.mark.parametrize("place", [Place.HEADERS, Place.FIRST_EVENT])
def test_a_refusal_is_absorbed_wherever_it_hides(stage, place) -> None:
    rule = FaultRule(Fault.MINUTE_REQUESTS, nth=(1,), place=place, quota_value=50, seconds=0.2)
    on = stage(SandboxConfig(faults=(rule,)))
    assert "sandbox" in on.run(on.stream("hello"))
    assert on.server.report().arrived == 2


def test_a_synchronous_call_on_the_loops_thread_passes_the_waiters_of_that_loop(stage) -> None:
    """A tool calls the synchronous client inside ``async def``: its loop stands still, nobody deadlocks."""
    window = 3.0
    quotas = {"*": per_model(rpm=2, minute=window)}
    limits = {"rpm": None, "tpm": None, "rpd": None, "cooldown": 0}
    on = stage(
        SandboxConfig(quotas=quotas),
        **limits,
        limits=[{"kind": "requests", "amount": 2, "window": "3s"}],
    )

    async def main() -> float:
        await asyncio.gather(on.ask("one"), on.ask("two"))
        waiting = [asyncio.create_task(on.ask(f"later {number}")) for number in range(3)]
        await asyncio.sleep(0.3)
        start = time.monotonic()
        on.client.models.generate_content(model=MODEL, contents="now")
        blocked = time.monotonic() - start
        await asyncio.gather(*waiting)
        return blocked

    blocked = on.run(main())
    report = on.server.report()
    assert (report.arrived, report.refused) == (6, 0)
    assert report.worst_window(QuotaKind.REQUESTS, window) <= 1
    assert blocked < 2 * window


def test_a_call_outside_of_any_turn_that_spends_the_same_quota_is_admitted_too(stage) -> None:
    on = stage()
    on.run(on.ask("as an agent"))
    asyncio.run(on.closing(_outside(on)))
    assert on.booked() == {2}


async def _outside(on: Stage) -> None:
    assert current_turn.get() is None
    await on.ask("by a tool in a thread of its own")
