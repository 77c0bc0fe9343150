"""News of calls on its way to the store, told by many threads at once."""

from __future__ import annotations

import asyncio
import threading

from massgen_plugins.quota import MINUTE, Kind, Limit, Scope, ScopeRules
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.stores.memory import MemoryStore

SCOPE = Scope("gemini", "project", "gemini-2.5-flash")
TOKENS = Kind.INPUT_TOKENS
THREADS, CALLS = 8, 300


def test_no_news_is_lost_between_threads() -> None:
    limiter = Limiter(MemoryStore())
    limiter.configure(SCOPE, ScopeRules(limits=(Limit(TOKENS, 10**9, MINUTE),), cooldown_mode="off"))

    async def calls() -> None:
        for _ in range(CALLS):
            hold = await limiter.acquire(SCOPE, {TOKENS: 100})
            limiter.arrived(hold)
            limiter.settle(hold, {TOKENS: 7})

    threads = [threading.Thread(target=lambda: asyncio.run(calls())) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    limiter.flush()
    (view,) = limiter.store.view()
    assert (view.usage[0].used, view.in_flight) == (THREADS * CALLS * 7, 0)
