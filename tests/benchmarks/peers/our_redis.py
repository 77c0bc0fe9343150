"""Our limiter over Redis; apart, since the library for it need not be installed."""

from __future__ import annotations

import hiredis  # noqa: F401 - what the store needs, but imports late
import redis  # noqa: F401 - the same

from massgen_plugins.rate_limit.stores.redis_server import RedisServer
from massgen_plugins.rate_limit.stores.redis_store import RedisStore
from tests.benchmarks.peers.our_cycles import ThreeLimits
from tests.benchmarks.peers.ours import Ours, one


class OursRedis(Ours):
    name = "massgen-plugins, Redis"
    shared = "Redis"

    def __init__(self, amount: int, seconds: float, url: str) -> None:
        self._begin(RedisStore(RedisServer.parse(url)), one(amount, seconds))


class ThreeLimitsRedis(ThreeLimits):
    """Requests and tokens a minute, requests in 24 hours, in a server.

    Args:
        url: Where it is.
    """

    def __init__(self, url: str) -> None:
        super().__init__(RedisStore(RedisServer.parse(url)))
