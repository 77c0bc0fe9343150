"""What a pool weighs after a minute at 30,000 requests, its calls all answered."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Awaitable, Callable

from massgen_plugins.rate_limit.stores.memory import MemoryStore
from tests.benchmarks import peers
from tests.benchmarks.figures import Effort, Figure
from tests.benchmarks.peers.our_cycles import Clock, ThreeLimits
from tests.benchmarks.peers.ours import REAL

UNIT = "KiB"
WHAT = "memory of a pool"
_MINUTE = 60.0


def measure(effort: Effort) -> list[Figure]:
    """Ours after many minutes at the largest limits that are sold; the peers after one minute."""
    return asyncio.run(_measure(effort))


async def _measure(effort: Effort) -> list[Figure]:
    minute = min(effort.events, REAL[0])
    figures = [
        Figure(
            WHAT,
            ThreeLimits.name,
            await _weigh(lambda: _ours(effort.events)),
            UNIT,
            16,
            note=f"{effort.events:,} calls",
        )
    ]
    for kind in peers.find()[1:]:
        weight = await _weigh(lambda: _theirs(kind, minute))  # noqa: B023 - used at once
        figures.append(Figure(WHAT, kind.name, weight, UNIT, note=f"{minute:,} calls"))
    return figures


async def _ours(events: int) -> ThreeLimits:
    clock = Clock()
    limiter = ThreeLimits(MemoryStore(clock.tick, clock.wall), clock, REAL)
    await limiter.fill(events, events / REAL[0] * _MINUTE * 1.05)
    limiter.limiter.flush()
    return limiter


async def _theirs(kind: type[peers.Peer], events: int) -> peers.Peer:
    peer = kind(10**9, _MINUTE)
    await peer.spin(events)
    return peer


async def _weigh(make: Callable[[], Awaitable[object]]) -> float:
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        kept = await make()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        del kept
    finally:
        tracemalloc.stop()
    return (after - before) / 1024
