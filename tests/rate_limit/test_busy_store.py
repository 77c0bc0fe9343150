"""A store that somebody else holds just now: what has become true of calls is written later, never lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from massgen_plugins.quota import MINUTE, Domain, Kind, Limit, PoolRules
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.reservation import Ask
from massgen_plugins.rate_limit.stores.base import StoreBusy
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from massgen_plugins.rate_limit.stores.worker import AtOnce
from tests.rate_limit.stores.machine import hold

DOMAIN = Domain("gemini", "project")
RULES = PoolRules((Limit(Kind.INPUT_TOKENS, 10_000, MINUTE),), cooldown_mode="off")


def test_what_a_call_took_is_written_when_the_store_is_free_again(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "quota.sqlite3")
    limiter = Limiter(store, lambda _: RULES, worker=AtOnce())
    domain = limiter.domain(DOMAIN)

    async def acquire() -> None:
        call = await domain.acquire(Ask(("model",), {Kind.INPUT_TOKENS: 1000}, await domain.tick()))
        holder = hold(store.path)
        call.settle({Kind.INPUT_TOKENS: 30})
        with pytest.raises(StoreBusy):
            domain.queue._transactions.run(lambda _, __: None, patient=False)
        holder.rollback()
        holder.close()
        limiter.flush()

    asyncio.run(acquire())
    used = domain.queue.read(lambda state, now: [row.used for row in state.pool("model").view(now)])
    assert used == [30]
    store.close()
