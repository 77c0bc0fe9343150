"""How long the way of a call is: what of ours runs in the caller's thread, and what reaches the disk.

Everything is real but the server: httpx, the wire, Gemini's provider, the chain, the limiter, the store.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

import massgen_plugins
from massgen_plugins import wire
from massgen_plugins.host import reports
from massgen_plugins.host.governor import Governor
from massgen_plugins.host.runtime import Runtime
from massgen_plugins.host.stream import Agent, Turn, current_turn
from massgen_plugins.manager import build_manager
from massgen_plugins.rate_limit.stores import worker
from massgen_plugins.rate_limit.stores.sqlite_file import SqliteFile

PACKAGE = str(Path(massgen_plugins.__file__).parent)
MODEL = "gemini-2.5-flash"
URL = f"https://generativelanguage.googleapis.com/v1beta/models/{MODEL}:generateContent"
ANSWER = {
    "candidates": [{"content": {"parts": [{"text": "hello"}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
}
QUESTION = {"contents": [{"parts": [{"text": "hello"}]}]}


WAIT = 0.3
"""Seconds between a call that fits and one that has to wait for a window of a second."""

FREE_CALLS = 5
"""Calls that fit, the shortest of which counts: when the machine halts a call, more has to be done for it."""


class Budget(NamedTuple):
    """The most that a way may take."""

    files: int
    functions: int
    calls: int
    transactions: int


AIMS = {"free": Budget(14, 60, 110, 1), "waiting": Budget(18, 90, 220, 2)}
"""What the design asks for."""

BUDGETS = {
    ("memory", "free"): Budget(44, 168, 220, 0),
    ("memory", "waiting"): Budget(54, 218, 370, 0),
    ("sqlite", "free"): Budget(47, 191, 250, 1),
    ("sqlite", "waiting"): Budget(59, 270, 475, 2),
}


@dataclass
class Way:
    """What ran between a request and its answer; ``calls`` counts each resumption of a coroutine, too."""

    codes: set[Any] = field(default_factory=set)
    calls: int = 0
    transactions: int = 0
    seconds: float = 0.0

    def profile(self, frame: Any, event: str, _: object) -> None:
        """Count a frame of ours."""
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
            self.codes.add(frame.f_code)
            self.calls += 1

    @property
    def figures(self) -> Budget:
        """The same in numbers."""
        files = {code.co_filename for code in self.codes}
        return Budget(len(files), len(self.codes), self.calls, self.transactions)


@pytest.fixture
def transactions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """One entry for each write transaction in a file of this test, in any thread."""
    entries: list[None] = []
    original = SqliteFile.transaction

    def transaction(self: SqliteFile, *, patient: bool) -> Any:
        if self.path.is_relative_to(tmp_path):  # a store of the test before may still have something to write
            entries.append(None)
        return original(self, patient=patient)

    monkeypatch.setattr(SqliteFile, "transaction", transaction)
    return entries


@pytest.fixture
def walk(
    tmp_path: Path, transactions: list[None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, int], Way]]:
    """Makes calls that fit, and then looks at one more; ``rate`` is how many fit into a window."""
    monkeypatch.setattr(
        reports, "_logger", lambda: logging.getLogger("massgen")
    )  # importing MassGen takes long

    monkeypatch.setattr(worker, "LULL", 60.0)  # else a busy machine counts what earlier calls left to write
    runtimes: list[Runtime] = []

    def take(store: str, rate: int) -> Way:
        place = "memory" if store == "memory" else str(tmp_path / "quota.sqlite3")
        limits = [{"kind": "requests", "amount": rate, "window": "1s"}]
        none = {"rpm": None, "rpd": None, "tpm": None, "cooldown": 0}
        block = {"store": place, "models": {MODEL: {**none, "limits": limits}}}
        runtime = Runtime(build_manager(print, with_entry_points=False))
        runtimes.append(runtime)
        governor = Governor({"rate_limit": block}, None, [], print)
        provider = runtime.provider_of_backend("gemini", None)
        assert provider is not None
        wire.install(runtime)
        return asyncio.run(_look(Turn(Agent("a0", "run1", provider, MODEL, MODEL, governor)), transactions))

    yield take
    for runtime in runtimes:
        runtime.live.close()  # else its thread reports later, to the real MassGen
    wire.uninstall()


async def _look(turn: Turn, transactions: list[None]) -> Way:
    current_turn.set(turn)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER))
    async with httpx.AsyncClient(transport=transport, headers={"x-goog-api-key": "k"}) as client:
        for _ in range(2):  # the first opens the store, and makes what is kept
            await client.post(URL, json=QUESTION)
        ways = [await _look_at_one(client, transactions)]
        while ways[0].seconds < WAIT and len(ways) < FREE_CALLS:
            ways.append(await _look_at_one(client, transactions))
    assert turn.calls == 2 + len(ways)
    return min(ways, key=lambda way: way.calls)


async def _look_at_one(client: httpx.AsyncClient, transactions: list[None]) -> Way:
    way = Way()
    await asyncio.sleep(0)
    before = len(transactions)
    begun = time.monotonic()
    sys.setprofile(way.profile)
    try:
        answer = await client.post(URL, json=QUESTION)
    finally:
        sys.setprofile(None)
        way.seconds = time.monotonic() - begun
    assert answer.json() == ANSWER
    way.transactions = len(transactions) - before
    return way


@pytest.mark.parametrize("store", ["memory", "sqlite"])
@pytest.mark.parametrize(("kind", "rate"), [("free", 100), ("waiting", 2)])
def test_the_way_of_a_call_stays_short(
    walk: Callable[[str, int], Way], store: str, kind: str, rate: int
) -> None:
    way = walk(store, rate)
    print(f"\n{store:8} {kind:8} {tuple(way.figures)}, aim {tuple(AIMS[kind])}")
    assert (way.seconds > WAIT) is (kind == "waiting")
    for figure, most, name in zip(way.figures, BUDGETS[store, kind], Budget._fields, strict=True):
        assert figure <= most, f"{figure} {name}, at most {most}"
