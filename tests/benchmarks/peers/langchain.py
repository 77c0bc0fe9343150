"""langchain-core's InMemoryRateLimiter: a token bucket that is polled; its default burst is one call."""

from langchain_core.rate_limiters import InMemoryRateLimiter

from tests.benchmarks.peers.base import Peer


class Langchain(Peer):
    name = "langchain-core"
    package = "langchain-core"
    weighs = False

    def __init__(self, amount: int, seconds: float) -> None:
        self._limiter = InMemoryRateLimiter(requests_per_second=amount / seconds)

    async def acquire(self, weight: int = 1) -> bool:
        return await self._limiter.aacquire()

    async def spin(self, times: int, weight: int = 1) -> None:
        acquire = self._limiter.aacquire
        for _ in range(times):
            await acquire()
