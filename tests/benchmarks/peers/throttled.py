"""throttled-py: its default algorithm, a token bucket, waiting with its own timeout."""

from datetime import timedelta

from throttled.asyncio import MemoryStore, RedisStore, Throttled, per_duration

from tests.benchmarks.peers.base import Peer

_PATIENCE = 1e6


class ThrottledPy(Peer):
    name = "throttled-py"
    package = "throttled-py"

    def __init__(self, amount: int, seconds: float) -> None:
        quota = per_duration(timedelta(seconds=seconds), amount)
        self._throttle = Throttled(key="calls", quota=quota, store=MemoryStore(), timeout=_PATIENCE)

    async def acquire(self, weight: int = 1) -> None:
        while (await self._throttle.limit(cost=weight)).limited:
            pass

    async def spin(self, times: int, weight: int = 1) -> None:
        limit = self._throttle.limit
        for _ in range(times):
            await limit(cost=weight)


class ThrottledRedis(ThrottledPy):
    name = "throttled-py, Redis"
    shared = "Redis"

    def __init__(self, amount: int, seconds: float, url: str) -> None:
        quota = per_duration(timedelta(seconds=seconds), amount)
        self._throttle = Throttled(key="calls", quota=quota, store=RedisStore(server=url), timeout=_PATIENCE)
