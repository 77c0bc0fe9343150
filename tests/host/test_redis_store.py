"""A Redis server as the store of a run, there and gone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from massgen_plugins.host.limiters import Limiters
from massgen_plugins.quota import MINUTE, Kind, Limit, Scope, ScopeRules
from tests.rate_limit.stores.redis.server import RedisServer

SCOPE = Scope("gemini", "project", "model")
RULES = ScopeRules(limits=(Limit(Kind.REQUESTS, 3, MINUTE),))
ONE = {Kind.REQUESTS: 1}


def test_while_the_server_is_away_the_machine_shares_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    server = RedisServer(tmp_path).start()
    said: list[str] = []
    ours, theirs = (Limiters(lambda *_: None, lambda _: RULES, said.append) for _ in range(2))

    async def main() -> None:
        limiters = [each.at(server.url) for each in (ours, theirs)]
        for limiter in limiters:
            limiter.configure(SCOPE, RULES)
            await limiter.acquire(SCOPE, ONE)
        server.stop()
        holds = [await limiters[place].acquire(SCOPE, ONE) for place in (0, 1, 0)]
        for hold in holds:
            limiters[0].written(hold)
            limiters[0].arrived(hold)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(limiters[1].acquire(SCOPE, ONE), 0.3)

    try:
        asyncio.run(main())
    finally:
        server.stop()
    assert len(said) == 2
    assert all("quota-without-redis.sqlite3" in sentence for sentence in said)
    for each in (ours, theirs):
        each.close()


def test_a_server_that_was_never_there_leaves_each_process_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    server = RedisServer(tmp_path)
    said: list[str] = []
    ours = Limiters(lambda *_: None, lambda _: RULES, said.append)

    async def main() -> None:
        limiter = ours.at(server.url)
        limiter.configure(SCOPE, RULES)
        for _ in range(3):
            await limiter.acquire(SCOPE, ONE)

    asyncio.run(main())
    [sentence] = said
    assert "memory of this process" in sentence
    ours.close()


def test_a_server_that_appears_later_does_not_make_anybodys_wait_absurd(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    url = server.start().url
    server.stop()
    limiter = Limiters(lambda *_: None, lambda _: RULES, lambda _: None).at(url)

    async def main() -> float:
        limiter.configure(SCOPE, RULES)
        before = limiter.store.tick()
        await limiter.acquire(SCOPE, ONE)
        server.start()
        try:
            await asyncio.to_thread(limiter.store.view)
        finally:
            server.stop()
        return (limiter.store.tick() - before) / 1e9

    assert abs(asyncio.run(main())) < 120
