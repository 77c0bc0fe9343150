"""Whether an admission costs the same with a full window, and for a large prompt."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from tests.benchmarks import peers
from tests.benchmarks.figures import Effort, Figure
from tests.benchmarks.peers.our_cycles import Clock, ThreeLimits
from tests.benchmarks.timing import Spin, compare

UNIT = "x the same when empty"
WEIGHT_UNIT = "x the same with weight 1"
HEAVY = 4_000_000
PROMPT = 4_000
"""A peer that makes an entry for every token would need gigabytes for more."""

_SPAN = 59.0
_MINUTE = 60.0


def measure(effort: Effort) -> list[Figure]:
    """Full against empty and heavy against light: ours in every store, the peers in memory."""
    return asyncio.run(_measure(effort))


async def _measure(effort: Effort) -> list[Figure]:
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for name, store in (("memory", _memory), ("SQLite", lambda clock: _sqlite(clock, Path(folder)))):
            figures += await _ours(name, store, effort)
    for peer in peers.find()[1:]:
        figures += await _theirs(peer, effort)
    figures += [await _cycle(kind, effort) for kind in peers.cycles()]
    return figures


async def _ours(
    name: str, store: Callable[[Clock], MemoryStore | SqliteStore], effort: Effort
) -> list[Figure]:
    def light() -> ThreeLimits:
        clock = Clock()
        return ThreeLimits(store(clock), clock)

    full = light()
    await full.fill(effort.events, _SPAN)
    empty = light()
    pairs = await compare(lambda: full.spin, lambda: empty.spin, effort.times // 3, effort.rounds)
    heavy = light()
    heavier = await compare(lambda: _heavy(heavy), lambda: _one(empty), effort.times // 3, effort.rounds)
    for each in (full, empty, heavy):
        each.close()
    return [
        Figure(f"{effort.events:,} events", f"ours, {name}", pairs.ratio, UNIT, 1.15, note=pairs.note),
        Figure(f"weight {HEAVY:,}", f"ours, {name}", heavier.ratio, WEIGHT_UNIT, 1.15, note=heavier.note),
    ]


async def _theirs(kind: type[peers.Peer], effort: Effort) -> list[Figure]:
    full, empty = kind(10**9, _MINUTE), kind(10**9, _MINUTE)
    await full.spin(effort.events)
    pairs = await compare(lambda: full.spin, lambda: empty.spin, effort.times // 3, effort.rounds)
    figures = [Figure(f"{effort.events:,} events", kind.name, pairs.ratio, UNIT, note=pairs.note)]
    if kind.weighs:
        heavy = kind(10**12, _MINUTE)
        times = min(effort.times, 50)
        heavier = await compare(
            lambda: lambda n: heavy.spin(n, PROMPT), lambda: empty.spin, times, effort.rounds // 3 or 1
        )
        note = f"weight {PROMPT:,} only; {heavier.note}"
        figures.append(Figure(f"weight {HEAVY:,}", kind.name, heavier.ratio, WEIGHT_UNIT, note=note))
        heavy.close()
    full.close()
    empty.close()
    return figures


async def _cycle(kind: type[peers.FullCycle], effort: Effort) -> Figure:
    full, empty = kind(), kind()
    await full.crowd(effort.events // 10)  # there are slow ones among them
    times = max(1, effort.times // 20)
    pairs = await compare(lambda: full.spin, lambda: empty.spin, times, effort.rounds // 3 or 1)
    note = f"{effort.events // 10:,} events only; {pairs.note}"
    return Figure(f"{effort.events:,} events", f"{kind.name}, all limits", pairs.ratio, UNIT, note=note)


def _memory(clock: Clock) -> MemoryStore:
    return MemoryStore(clock.tick, clock.wall)


def _sqlite(clock: Clock, folder: Path) -> SqliteStore:
    path = folder / f"{len(list(folder.glob('*.sqlite3')))}.sqlite3"
    path.touch(mode=0o600)
    return SqliteStore(path, since_boot=clock.tick, wall=clock.wall)


def _heavy(limiter: ThreeLimits) -> Spin:
    return lambda times: limiter.spin(times, HEAVY)


def _one(limiter: ThreeLimits) -> Spin:
    return lambda times: limiter.spin(times, 1)
