"""Our limiter over Redis; apart, since the library for it need not be installed."""

from __future__ import annotations

import hiredis  # noqa: F401 - what the store needs, but imports late
import redis  # noqa: F401

from massgen_plugins.quota import Kind
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.stores.redis.address import Address
from massgen_plugins.rate_limit.stores.redis.store import RedisStore
from tests.benchmarks.peers.our_cycles import Clock, ThreeLimits
from tests.benchmarks.peers.ours import SCOPE, Ours, one, rules


class OursRedis(Ours):
    name = "massgen-plugins, Redis"
    shared = "Redis"

    def __init__(self, amount: int, seconds: float, url: str) -> None:
        self.limiter = Limiter(RedisStore(Address.parse(url)))
        self.limiter.configure(SCOPE, rules(one(amount, seconds)))


class ThreeLimitsRedis(ThreeLimits):
    """Requests and tokens a minute, requests in 24 hours, in a server.

    Args:
        url: Where it is.
        clock: The server's clock, if it is to be pushed.
    """

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        if clock is None:
            self.store = RedisStore(Address.parse(url))
        else:
            self.store = RedisStore(Address.parse(url), moment=lambda: clock.wall() // 1000)
            self.store._clock.local = clock.tick
        super().__init__(self.store, clock)

    async def spin_awaited(self, times: int) -> None:
        """Cycles of which each waits until the server knows of the settlement."""
        limiter, station = self.limiter, self.store._stations.here()
        wanted = {Kind.REQUESTS: 1, Kind.INPUT_TOKENS: 4000}
        used = {Kind.INPUT_TOKENS: 3600}
        for _ in range(times):
            hold = await limiter.acquire(SCOPE, wanted)
            limiter.arrived(hold)
            limiter.settle(hold, used)
            await self.store._deliver(station)
