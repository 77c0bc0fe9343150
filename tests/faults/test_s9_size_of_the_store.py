"""S9: a store keeps its size, however many short processes have used it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from massgen_plugins.quota import DAY, MINUTE, Domain, Kind, Limit, PoolRules
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.reservation import Ask
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from massgen_plugins.rate_limit.stores.worker import AtOnce

PROCESSES, CALLS = 400, 6
RULES = PoolRules(
    (Limit(Kind.REQUESTS, 10**6, MINUTE), Limit(Kind.REQUESTS, 10**6, DAY)), cooldown_mode="off"
)


async def short_life(store: SqliteStore) -> None:
    limiter = Limiter(store, lambda _: RULES, worker=AtOnce())
    domain = limiter.domain(Domain("gemini", "project"))
    for _ in range(CALLS):
        call = await domain.acquire(Ask(("model",), {Kind.REQUESTS: 1}, await domain.tick()))
        call.written()
        call.answered()
        call.finished()
    limiter.flush()


def size_of(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.iterdir())


def test_400_short_processes_leave_no_more_than_40(tmp_path: Path) -> None:
    path, sizes, now = tmp_path / "quota.sqlite3", [], [10**15]
    for number in range(PROCESSES):
        now[0] += 10**10  # ten seconds later
        store = SqliteStore(path, since_boot=lambda: now[0], boot=lambda: "boot")
        asyncio.run(short_life(store))
        store.close()
        if number in {PROCESSES // 10, PROCESSES - 1}:
            sizes.append(size_of(tmp_path))
    assert sizes[1] <= 1.5 * sizes[0]
    assert sizes[1] < 100_000
