"""limits: a moving window without a way to wait, so the caller sleeps until the window is told to move."""

import asyncio
import time

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from tests.benchmarks.peers.base import Peer


class Limits(Peer):
    name = "limits"
    package = "limits"

    def __init__(self, amount: int, seconds: float) -> None:
        self._item = RateLimitItemPerSecond(amount, int(seconds))
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def acquire(self, weight: int = 1) -> None:
        while not await self._limiter.hit(self._item, cost=weight):
            resets, _ = await self._limiter.get_window_stats(self._item)
            await asyncio.sleep(max(0.001, resets - time.time()))

    async def spin(self, times: int, weight: int = 1) -> None:
        hit, item = self._limiter.hit, self._item
        for _ in range(times):
            await hit(item, cost=weight)


class LimitsRedis(Limits):
    name = "limits, Redis"
    shared = "Redis"

    def __init__(self, amount: int, seconds: float, url: str) -> None:
        self._item = RateLimitItemPerSecond(amount, int(seconds))
        self._limiter = MovingWindowRateLimiter(RedisStorage(f"async+{url}", implementation="redispy"))
