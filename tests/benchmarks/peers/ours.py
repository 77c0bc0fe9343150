"""Our limiter, through its public surface. The suite knows it here and in ``our_cycles`` only."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from massgen_plugins.quota import (
    DAY,
    MINUTE,
    NANOSECONDS,
    CalendarDay,
    Kind,
    Limit,
    Scope,
    ScopeRules,
    Sliding,
    Window,
)
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from tests.benchmarks.peers.base import Peer

SCOPE = Scope("gemini", "project", "gemini-2.5-flash")
GEMINI_DAY = CalendarDay("America/Los_Angeles")
PATIENCE = 10**9 * NANOSECONDS
AMPLE = (10**9, 10**15, 10**9)
REAL = (30_000, 30_000_000, 350_000)
"""The largest limits that a provider sells: requests and tokens a minute, requests a day."""


class Ours(Peer):
    name = "massgen-plugins"
    package = "massgen-plugins"
    ours = True

    def __init__(self, amount: int, seconds: float) -> None:
        self.limiter = Limiter(MemoryStore(time.monotonic_ns))
        self.limiter.configure(SCOPE, rules(one(amount, seconds)))

    async def acquire(self, weight: int = 1) -> Any:
        return await self.limiter.acquire(SCOPE, {Kind.REQUESTS: weight})

    def written(self, held: Any) -> None:
        self.limiter.written(held)

    def arrived(self, held: Any) -> None:
        self.limiter.arrived(held)

    async def spin(self, times: int, weight: int = 1) -> None:
        acquire, amounts = self.limiter.acquire, {Kind.REQUESTS: weight}
        for _ in range(times):
            await acquire(SCOPE, amounts)

    def close(self) -> None:
        self.limiter.flush()
        self.limiter.store.close()


class OursSqlite(Ours):
    name = "massgen-plugins, SQLite"
    shared = "SQLite"

    def __init__(self, amount: int, seconds: float, path: str) -> None:
        self.limiter = Limiter(SqliteStore(Path(path)))
        self.limiter.configure(SCOPE, rules(one(amount, seconds)))


class BusySqlite(OursSqlite):
    """Counts tokens too, and settles every call: all the writing that a store ever does."""

    name = "massgen-plugins, SQLite, settled"
    shared = "SQLite, settled"

    def __init__(self, amount: int, seconds: float, path: str) -> None:
        super().__init__(amount, seconds, path)
        self.limiter.configure(SCOPE, rules(three(AMPLE)))

    async def acquire(self, weight: int = 1) -> Any:
        return await self.limiter.acquire(SCOPE, {Kind.REQUESTS: weight, Kind.INPUT_TOKENS: 4000})

    def done(self, held: Any) -> None:
        self.limiter.settle(held, {Kind.INPUT_TOKENS: 3600})


def one(amount: int, seconds: float) -> tuple[Limit, ...]:
    """So many requests in any span of so many seconds."""
    return (Limit(Kind.REQUESTS, amount, Sliding(int(seconds * NANOSECONDS))),)


def rules(limits: tuple[Limit, ...]) -> ScopeRules:
    """These limits and nothing else: no cooldown, and all the patience in the world."""
    return ScopeRules(limits=limits, cooldown_mode="off", max_wait=PATIENCE)


def three(amounts: tuple[int, int, int], day: Window = DAY) -> tuple[Limit, ...]:
    """Requests and tokens a minute, requests a day: in any 24 hours, unless it is said what a day is."""
    rpm, tpm, rpd = amounts
    return (
        Limit(Kind.REQUESTS, rpm, MINUTE),
        Limit(Kind.INPUT_TOKENS, tpm, MINUTE),
        Limit(Kind.REQUESTS, rpd, day),
    )
