"""pyrate-limiter 4: an exact log behind one lock; in memory, in SQLite with its file lock, in Redis."""

from pyrate_limiter import InMemoryBucket, Limiter, Rate, RedisBucket, SQLiteBucket
from redis.asyncio import Redis

from tests.benchmarks.peers.base import Peer


class Pyrate(Peer):
    name = "pyrate-limiter"
    package = "pyrate-limiter"

    def __init__(self, amount: int, seconds: float) -> None:
        self._limiter = Limiter(InMemoryBucket([Rate(amount, int(seconds * 1000))]))

    async def acquire(self, weight: int = 1) -> bool:
        return await self._limiter.try_acquire_async("calls", weight)

    async def spin(self, times: int, weight: int = 1) -> None:
        acquire = self._limiter.try_acquire_async
        for _ in range(times):
            await acquire("calls", weight)

    def close(self) -> None:
        self._limiter.close()


class PyrateSqlite(Pyrate):
    name = "pyrate-limiter, SQLite"
    shared = "SQLite"

    def __init__(self, amount: int, seconds: float, path: str) -> None:
        rates = [Rate(amount, int(seconds * 1000))]
        self._limiter = Limiter(SQLiteBucket.init_from_file(rates, db_path=path, use_file_lock=True))


class PyrateRedis(Pyrate):
    name = "pyrate-limiter, Redis"
    shared = "Redis"

    def __init__(self, amount: int, seconds: float, url: str) -> None:
        self._rates = [Rate(amount, int(seconds * 1000))]
        self._url = url

    async def ready(self) -> None:
        bucket = await RedisBucket.init(self._rates, Redis.from_url(self._url), "benchmark:pyrate")
        self._limiter = Limiter(bucket)

    def close(self) -> None:
        """Its connection ends with the process."""
