"""What the record costs of a call's CPU: ``python -m tests.calls.record_cpu``.

The call is the cheapest that there is: httpx, the wire, the provider, the limiter with its SQLite file, and a
server in this process that answers at once. A real one also pays for the SDK, for TLS and for MassGen.
"""

from __future__ import annotations

import asyncio
import logging
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx

from massgen_plugins import wire
from massgen_plugins.host import reports
from massgen_plugins.host.governor import Governor
from massgen_plugins.host.runtime import Runtime
from massgen_plugins.host.stream import Agent, Turn, current_turn
from massgen_plugins.manager import build_manager

__all__ = ["measure"]

_MODEL = "gemini-2.5-flash"
_URL = f"https://generativelanguage.googleapis.com/v1beta/models/{_MODEL}:generateContent"
_ANSWER = {
    "candidates": [{"content": {"parts": [{"text": "hello"}]}, "finishReason": "STOP"}],
    "usageMetadata": {
        "promptTokenCount": 900,
        "candidatesTokenCount": 40,
        "thoughtsTokenCount": 60,
        "totalTokenCount": 1000,
    },
}
_QUESTION = {"contents": [{"parts": [{"text": "hello"}]}]}
_PLENTY = {"kind": "requests", "amount": 1_000_000, "window": "60s"}


async def _cpu(*, record: bool, count: int, gap: float, directory: str) -> float:
    """Microseconds of CPU for a call, of all threads, in a process of its own kind."""
    os.environ["XDG_STATE_HOME"] = directory  # where calls are recorded
    runtime = Runtime(build_manager(print, with_entry_points=False))
    none = {"rpm": None, "rpd": None, "tpm": None, "cooldown": 0}
    block = {
        "store": str(Path(directory, "quota.sqlite3")),
        "record": record,
        "models": {_MODEL: {**none, "limits": [_PLENTY]}},
    }
    governor = Governor({"rate_limit": block}, None, [], print)
    provider = next(each for each in runtime.providers if each.name == "gemini")
    wire.install(runtime)
    agent = Agent("a0", runtime.new_run(), provider, _MODEL, _MODEL, governor)
    runtime.agent_starting(agent)
    current_turn.set(Turn(agent))
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=_ANSWER))
    async with httpx.AsyncClient(transport=transport, headers={"x-goog-api-key": "k"}) as client:
        for _ in range(20):
            await client.post(_URL, json=_QUESTION)
        await asyncio.sleep(1.5)  # the price list is loaded
        begun = time.process_time()
        for _ in range(count):
            await client.post(_URL, json=_QUESTION)
            await asyncio.sleep(gap)
        await asyncio.sleep(0.1)
        used = time.process_time() - begun
    wire.uninstall()
    return used / count * 1e6


def measure(count: int, gap: float, rounds: int) -> tuple[float, float]:
    """Microseconds of CPU for a call without and with the record, the medians of some rounds."""
    reports._logger = lambda: logging.getLogger("massgen")
    found: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for record, figures in found.items():
            with tempfile.TemporaryDirectory() as directory:
                figures.append(asyncio.run(_cpu(record=record, count=count, gap=gap, directory=directory)))
    return statistics.median(found[False]), statistics.median(found[True])


if __name__ == "__main__":
    for gap, count in ((0.0, 1_000), (0.05, 100)):
        without, with_it = measure(count, gap, 5)
        share = (with_it - without) / without
        sys.stdout.write(
            f"{gap:4} s apart: {without:6.0f} us without, {with_it:6.0f} us with the record: {share:+.1%}\n"
        )
