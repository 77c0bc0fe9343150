"""token-throttle: several metrics, reserve and refund, in memory, SQLite and Redis. Needs Python 3.12."""

from typing import Any

from redis.asyncio import Redis
from token_throttle import (
    MemoryBackendBuilder,
    PerModelConfig,
    Quota,
    RateLimiter,
    RedisBackendBuilder,
    SqliteBackendBuilder,
    UsageQuotas,
)

from tests.benchmarks.peers.base import FullCycle, Peer

_MODEL = "model"


def _limiter(quotas: list[Quota], backend: Any) -> RateLimiter:
    return RateLimiter(PerModelConfig(quotas=UsageQuotas(quotas), model_family=_MODEL), backend=backend)


class TokenThrottle(Peer):
    name = "token-throttle"
    package = "token-throttle"

    def __init__(self, amount: int, seconds: float) -> None:
        self._begin(amount, seconds, MemoryBackendBuilder())

    def _begin(self, amount: int, seconds: float, backend: Any) -> None:
        quota = Quota(metric="requests", limit=amount, per_seconds=int(seconds))
        self._limiter = _limiter([quota], backend)

    async def acquire(self, weight: int = 1) -> Any:
        reservation = await self._limiter.acquire_capacity({"requests": weight}, _MODEL)
        await self._limiter.refund_capacity({"requests": weight}, reservation)
        return reservation

    async def spin(self, times: int, weight: int = 1) -> None:
        acquire, usage = self._limiter.acquire_capacity, {"requests": weight}
        for _ in range(times):
            await acquire(usage, _MODEL)


class TokenThrottleSqlite(TokenThrottle):
    name = "token-throttle, SQLite"
    shared = "SQLite"

    def __init__(self, amount: int, seconds: float, path: str) -> None:
        self._begin(amount, seconds, SqliteBackendBuilder(path, key_prefix="benchmark"))


class TokenThrottleRedis(TokenThrottle):
    name = "token-throttle, Redis"
    shared = "Redis"

    def __init__(self, amount: int, seconds: float, url: str) -> None:
        self._begin(amount, seconds, RedisBackendBuilder(Redis.from_url(url), key_prefix="benchmark"))


class TokenThrottleCycle(FullCycle):
    name = "token-throttle"
    does = "requests and tokens a minute, requests a day: acquire, refund"

    def __init__(self) -> None:
        quotas = [
            Quota(metric="requests", limit=10**9, per_seconds=60),
            Quota(metric="tokens", limit=10**12, per_seconds=60),
            Quota(metric="requests", limit=10**9, per_seconds=86_400),
        ]
        self._limiter = _limiter(quotas, MemoryBackendBuilder())

    async def spin(self, times: int) -> None:
        limiter = self._limiter
        for _ in range(times):
            reservation = await limiter.acquire_capacity({"requests": 1, "tokens": 4000}, _MODEL)
            await limiter.refund_capacity({"requests": 1, "tokens": 3600}, reservation)
