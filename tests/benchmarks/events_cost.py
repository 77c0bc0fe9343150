"""What events cost: CPU of a whole call, with and without those who hear of them.

    python tests/benchmarks/events_cost.py

Everything is real but the server: httpx, the wire, Gemini's provider, the chain, the limiter in memory. The
CPU time is that of all threads, until all events have been taken. The ways take turns; medians are compared.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx

from massgen_plugins import wire
from massgen_plugins.events import Event
from massgen_plugins.events.json_lines import JsonLines
from massgen_plugins.host import reports
from massgen_plugins.host.governor import Governor
from massgen_plugins.host.runtime import Runtime
from massgen_plugins.host.stream import Agent, Turn, current_turn
from massgen_plugins.manager import build_manager

MODEL = "gemini-2.5-flash"
URL = f"https://generativelanguage.googleapis.com/v1beta/models/{MODEL}:generateContent"
ANSWER = {
    "candidates": [{"content": {"parts": [{"text": "hello"}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
}
CALLS, ROUNDS = 1_000, 9
SETTLING = 1.3
"""Seconds after which all threads have taken what they were told."""


def runtime_of(folder: Path, way: str) -> tuple[Runtime, Turn]:
    """A process in which nobody, or everybody, hears of events."""
    runtime = Runtime(build_manager(print, with_entry_points=False))
    if way == "off":
        runtime.live.tell = ignore
    if way == "all":
        runtime.sinks.add(JsonLines(folder / "events.jsonl"))
    none = {"rpm": None, "rpd": None, "tpm": None, "cooldown": 0}
    limits = [{"kind": "requests", "amount": 1_000_000, "window": "60s"}]
    block = {"store": "memory", "record": False, "models": {MODEL: {**none, "limits": limits}}}
    governor = Governor({"rate_limit": block}, None, [], print)
    provider = runtime.provider_of_backend("gemini", None)
    assert provider is not None
    return runtime, Turn(Agent("a0", "run1", provider, MODEL, MODEL, governor))


def ignore(_: Event) -> None:
    """Nobody hears."""


async def measure(turn: Turn) -> float:
    """Microseconds of CPU for one call."""
    current_turn.set(turn)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER))
    async with httpx.AsyncClient(transport=transport, headers={"x-goog-api-key": "k"}) as client:
        begun = time.process_time()
        for _ in range(CALLS):
            await client.post(URL, json={"contents": [{"parts": [{"text": "hello"}]}]})
        await asyncio.sleep(SETTLING)
        return (time.process_time() - begun) / CALLS * 1e6


def main() -> None:
    """Print a table."""
    reports._logger = lambda: logging.getLogger("massgen")  # importing MassGen takes long
    with tempfile.TemporaryDirectory() as folder:
        ways = {way: runtime_of(Path(folder), way) for way in ("off", "live", "all")}
        rows: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(ROUNDS):
            for way, (runtime, turn) in ways.items():
                wire.install(runtime)
                rows[way].append(asyncio.run(measure(turn)))
                wire.uninstall()
    base = statistics.median(rows["off"])
    for way, values in rows.items():
        median, pairs = statistics.median(values), zip(values, rows["off"], strict=True)
        ratio = statistics.median(value / off for value, off in pairs)
        sys.stdout.write(f"{way:5} {median:8.1f} us a call, {median - base:6.1f} more, {ratio:5.3f}\n")


if __name__ == "__main__":
    main()
