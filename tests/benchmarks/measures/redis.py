"""Shared by machines: Redis, in the price of a PING through the same client. The time is that of a watch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from tests.benchmarks import peers, redis_server
from tests.benchmarks.figures import Effort, Figure
from tests.benchmarks.measures import processes
from tests.benchmarks.peers import Peer
from tests.benchmarks.timing import Spin, compare

ALONE, CYCLE, EACH = (
    "Redis acquire",
    "Redis acquire + settle",
    "Redis acquire + settle, each call by itself",
)
UNIT = "x one PING"


def measure(effort: Effort) -> list[Figure]:
    """Ours and the peers that can use a server; nothing where there is no server or no client."""
    if not redis_server.is_there():
        return []
    with redis_server.running() as port:
        url = f"redis://127.0.0.1:{port}"
        figures = asyncio.run(_measure(url, effort))
        for number, kind in enumerate(peers.shared("Redis")):
            if effort.peers or kind.ours:
                figures += processes.compare(kind, (f"{url}/{number}", f"{url}/{number + 5}"), effort.seconds)
    return figures


async def _measure(url: str, effort: Effort) -> list[Figure]:
    from redis.asyncio import Redis

    from tests.benchmarks.peers.our_redis import ThreeLimitsRedis

    client, ours = Redis.from_url(url, protocol=2), ThreeLimitsRedis(f"{url}/10")

    async def ping(times: int) -> None:
        for _ in range(times):
            await client.ping()

    async def pairs(what: str, whose: str, spin: Spin, goal: float | None = None) -> Figure:
        each = await compare(lambda: spin, lambda: ping, effort.times // 3, effort.rounds, time.perf_counter)
        return Figure(what, whose, each.ratio, UNIT, goal, note=each.note)

    figures = [
        await pairs(ALONE, "ours", ours.acquire_only, 1.7),
        await pairs(CYCLE, "ours", ours.spin_and_keep, 2.4),
        await pairs(EACH, "ours", ours.keep_each),
    ]
    figures += await _peers(url, pairs)
    await client.aclose()
    ours.close()
    return figures


async def _peers(url: str, pairs: Callable[[str, str, Spin], Awaitable[Figure]]) -> list[Figure]:
    figures = []
    for kind in peers.shared("Redis"):
        if not kind.ours:
            peer: Peer = kind(10**9, 60.0, f"{url}/11")
            await peer.ready()
            figures.append(await pairs(ALONE, kind.name, peer.spin))
    return figures
