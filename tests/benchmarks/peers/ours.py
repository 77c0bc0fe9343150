"""Our limiter, through its public surface. The suite knows it here and in ``our_cycles`` only."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from massgen_plugins.quota import (
    DAY,
    MINUTE,
    NANOSECONDS,
    Amounts,
    CalendarDay,
    Domain,
    Kind,
    Limit,
    PoolRules,
    Sliding,
    Window,
)
from massgen_plugins.rate_limit.limiter import DomainLimiter, Limiter
from massgen_plugins.rate_limit.reservation import Ask
from massgen_plugins.rate_limit.stores.base import Store
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from tests.benchmarks.peers.base import Peer

DOMAIN = Domain("gemini", "project")
POOLS = ("gemini-2.5-flash",)
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
        self._begin(MemoryStore(time.monotonic_ns, time.time_ns), one(amount, seconds))

    def _begin(self, store: Store, limits: tuple[Limit, ...]) -> None:
        self._limiter, self._domain = begin(store, limits)

    async def ready(self) -> None:
        await self._domain.tick()

    async def acquire(self, weight: int = 1) -> Any:
        return await self._ask({Kind.REQUESTS: weight})

    async def _ask(self, amounts: Amounts) -> Any:
        domain = self._domain
        return await domain.acquire(Ask(POOLS, amounts))

    def written(self, held: Any) -> None:
        held.written()

    def arrived(self, held: Any) -> None:
        held.answered()

    def done(self, held: Any) -> None:
        held.finished()

    async def spin(self, times: int, weight: int = 1) -> None:
        domain, amounts = self._domain, {Kind.REQUESTS: weight}
        for _ in range(times):
            await domain.acquire(Ask(POOLS, amounts))

    def close(self) -> None:
        self._limiter.flush()
        self._limiter.store.close()


class OursSqlite(Ours):
    name = "massgen-plugins, SQLite"
    shared = "SQLite"

    def __init__(self, amount: int, seconds: float, path: str) -> None:
        self._begin(SqliteStore(Path(path)), one(amount, seconds))


class BusySqlite(OursSqlite):
    """Counts tokens too, and settles every call: all the writing that a store ever does."""

    name = "massgen-plugins, SQLite, settled"
    shared = "SQLite, settled"

    def __init__(self, amount: int, seconds: float, path: str) -> None:
        del amount, seconds  # there is room for everybody
        self._begin(SqliteStore(Path(path)), three(AMPLE))

    async def acquire(self, weight: int = 1) -> Any:
        return await self._ask({Kind.REQUESTS: weight, Kind.INPUT_TOKENS: 4000})

    def done(self, held: Any) -> None:
        held.settle({Kind.INPUT_TOKENS: 3600})
        held.finished()


def begin(store: Store, limits: tuple[Limit, ...], patience: int = PATIENCE) -> tuple[Limiter, DomainLimiter]:
    """A limiter over a store, and that of the domain in which these limits hold.

    Args:
        store: Where.
        limits: All that holds.
        patience: Nanoseconds; a call that would wait longer is refused.
    """
    rules_in_force = rules(limits, patience)
    limiter = Limiter(store, lambda _: rules_in_force)
    return limiter, limiter.domain(DOMAIN)


def one(amount: int, seconds: float) -> tuple[Limit, ...]:
    """So many requests in any span of so many seconds."""
    return (Limit(Kind.REQUESTS, amount, Sliding(int(seconds * NANOSECONDS))),)


def rules(limits: tuple[Limit, ...], patience: int = PATIENCE) -> PoolRules:
    """These limits and no cooldown; unless it is said, every call waits as long as it must."""
    return PoolRules(limits, cooldown_mode="off", max_wait=patience)


def three(amounts: tuple[int, int, int], day: Window = DAY) -> tuple[Limit, ...]:
    """Requests and tokens a minute, requests a day: in any 24 hours, unless it is said what a day is."""
    rpm, tpm, rpd = amounts
    return (
        Limit(Kind.REQUESTS, rpm, MINUTE),
        Limit(Kind.INPUT_TOKENS, tpm, MINUTE),
        Limit(Kind.REQUESTS, rpd, day),
    )
