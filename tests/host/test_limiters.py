"""One limiter for each store, and what becomes of it at the end of the process."""

from __future__ import annotations

import asyncio
from pathlib import Path

from massgen_plugins.host.limiters import Limiters
from massgen_plugins.quota import MINUTE, Kind, Limit, Scope, ScopeRules
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.sqlite_view import view_scopes

SCOPE = Scope("gemini", "project", "model")
RULES = ScopeRules(limits=(Limit(Kind.REQUESTS, 3, MINUTE),))


def limiters(said: list[str]) -> Limiters:
    return Limiters(lambda *_: None, lambda _: RULES, said.append)


def test_a_store_has_one_limiter(tmp_path: Path) -> None:
    ours = limiters([])
    place = str(tmp_path / "quota.sqlite3")
    assert ours.at(place) is ours.at(place)
    assert ours.at("memory").store.description == MemoryStore().description
    assert not Path(place).exists()


def test_at_the_end_the_store_learns_what_could_wait(tmp_path: Path) -> None:
    ours, path = limiters([]), tmp_path / "quota.sqlite3"
    limiter = ours.at(str(path))

    async def main() -> None:
        limiter.configure(SCOPE, RULES)
        limiter.arrived(await limiter.acquire(SCOPE, {Kind.REQUESTS: 1}))

    asyncio.run(main())
    assert [view.in_flight for view in view_scopes(path)] == [1]
    ours.close()
    assert not path.with_name(path.name + "-wal").exists()
    assert [view.in_flight for view in view_scopes(path)] == [0]
