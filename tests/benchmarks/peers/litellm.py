"""litellm's proxy hook, third version, in memory: a fixed window that refuses; the caller asks again."""

import asyncio
import time
from datetime import datetime

from litellm.caching.dual_cache import DualCache
from litellm.proxy.hooks.parallel_request_limiter_v3 import _PROXY_MaxParallelRequestsHandler_v3
from litellm.proxy.utils import InternalUsageCache

from tests.benchmarks.peers.base import FullCycle, Peer

_ASK_AGAIN = 0.1
"""Seconds. The hook's own hint is always a whole window."""


def _hook() -> _PROXY_MaxParallelRequestsHandler_v3:
    def now() -> datetime:
        return datetime.fromtimestamp(time.time()).astimezone()

    return _PROXY_MaxParallelRequestsHandler_v3(InternalUsageCache(DualCache()), time_provider=now)


class Litellm(Peer):
    name = "litellm v3 hook"
    package = "litellm"
    weighs = False

    def __init__(self, amount: int, seconds: float) -> None:
        self._hook = _hook()
        self._hook.window_size = int(seconds)
        limits = {"requests_per_unit": amount, "window_size": int(seconds)}
        self._wanted = [{"key": "api_key", "value": "k", "rate_limit": limits}]

    async def acquire(self, weight: int = 1) -> None:
        while await self._is_over():  # noqa: ASYNC110 - nobody tells when there is room
            await asyncio.sleep(_ASK_AGAIN)

    async def _is_over(self) -> bool:
        return (await self._hook.should_rate_limit(self._wanted))["overall_code"] == "OVER_LIMIT"

    async def spin(self, times: int, weight: int = 1) -> None:
        ask, wanted = self._hook.should_rate_limit, self._wanted
        for _ in range(times):
            await ask(wanted)


class LitellmCycle(FullCycle):
    name = "litellm v3 hook"
    does = "requests and tokens a minute: check and increment, without the settlement"

    def __init__(self) -> None:
        self._hook = _hook()
        limits = {"requests_per_unit": 10**9, "tokens_per_unit": 10**15}
        self._wanted = [{"key": "api_key", "value": "k", "rate_limit": limits}]

    async def spin(self, times: int) -> None:
        ask, wanted = self._hook.should_rate_limit, self._wanted
        for _ in range(times):
            await ask(wanted)
