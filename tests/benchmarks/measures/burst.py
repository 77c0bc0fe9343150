"""The peers' own benchmark: 200 tasks ask as fast as they may, 50 calls in a second are allowed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from tests.benchmarks import peers
from tests.benchmarks.figures import Effort, Figure
from tests.benchmarks.peers import Peer
from tests.benchmarks.server import worst_window

CPU, WORST, SPREAD = (
    "CPU per grant, 200 tasks",
    "most in any second, 200 tasks",
    "fewest / most grants of a task",
)
TASKS, AMOUNT = 200, 50


def measure(effort: Effort) -> list[Figure]:
    """CPU, exactness and fairness of every limiter in real time."""
    figures = []
    for kind in peers.find():
        if effort.peers or kind.ours or kind.name in ("pyrate-limiter", "aiolimiter"):
            figures += asyncio.run(_run(kind, max(1.1, effort.seconds / 2.4)))
    return figures


async def _run(kind: type[Peer], seconds: float) -> list[Figure]:
    peer = kind(AMOUNT, 1.0)
    grants: list[tuple[float, int]] = []
    until = time.monotonic() + seconds

    async def ask(task: int) -> None:
        while time.monotonic() < until:
            held = await peer.acquire()
            grants.append((time.monotonic(), task))
            peer.arrived(held)

    used = time.process_time()
    tasks = [asyncio.create_task(ask(number)) for number in range(TASKS)]
    await asyncio.sleep(seconds)
    used = time.process_time() - used
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    peer.close()
    return _figures(kind, grants, used)


def _figures(kind: type[Peer], grants: list[tuple[float, int]], used: float) -> list[Figure]:
    per_task = Counter(task for _, task in grants)
    counts = sorted(per_task[number] for number in range(TASKS))
    worst = worst_window([(at, 1) for at, _ in grants], 1.0) / AMOUNT
    each = used / max(1, len(grants)) * 1e6
    note = f"{len(grants)} grants"
    return [
        Figure(CPU, kind.name, each, "us", 30 if kind.ours else None, note=note),
        Figure(WORST, kind.name, worst, "x the limit", 1.0 if kind.ours else None, note=note),
        Figure(SPREAD, kind.name, counts[0] / max(1, counts[-1]), "", note=f"{counts[0]} to {counts[-1]}"),
    ]
