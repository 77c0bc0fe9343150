"""MassGen's own limiter: what this package replaces. Its log lines go nowhere here, which makes it faster."""

from loguru import logger
from massgen.backend.rate_limiter import MultiRateLimiter, RateLimiter

from tests.benchmarks.peers.base import FullCycle, Peer

logger.disable("massgen")


class Massgen(Peer):
    name = "MassGen's own"
    package = "massgen"
    weighs = False

    def __init__(self, amount: int, seconds: float) -> None:
        self._limiter = RateLimiter(amount, seconds)

    async def acquire(self, weight: int = 1) -> None:
        await self._limiter.acquire()

    async def spin(self, times: int, weight: int = 1) -> None:
        acquire = self._limiter.acquire
        for _ in range(times):
            await acquire()


class MassgenCycle(FullCycle):
    name = "MassGen's own"
    does = "requests and tokens a minute, requests a day: acquire, record tokens"

    def __init__(self) -> None:
        self._limiter = MultiRateLimiter(rpm=10**9, tpm=10**15, rpd=10**9)

    async def spin(self, times: int) -> None:
        limiter = self._limiter
        for _ in range(times):
            await limiter.acquire()
            await limiter.record_tokens(3600)

    async def crowd(self, calls: int) -> None:
        for _ in range(calls):  # acquire looks at all that was recorded: filling with it would take hours
            await self._limiter.record_tokens(3600)
