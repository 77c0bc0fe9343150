"""Commands on scopes that live in a Redis server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.profiles import load_settings
from massgen_plugins.quota import Kind, Scope
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.stores.redis.address import Address
from massgen_plugins.rate_limit.stores.redis.store import RedisStore
from tests.rate_limit.stores.redis.server import RedisServer

FLASH = Scope("gemini", "research", "gemini-2.5-flash")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(folder).start()
    yield server
    server.stop()


@pytest.fixture
def shared(server: RedisServer, settings_file: Path) -> str:
    """A server that the settings name, with a call and a lesson in it."""
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text(f"store: {server.url}\n")

    async def main() -> None:
        store = RedisStore(Address.parse(server.url, {}))
        await store.configure(FLASH, load_settings(None).rules("gemini", FLASH.model))
        await store.admit(FLASH, "lane", [Bid(1, store.tick(), {Kind.REQUESTS: 1})], [])
        stated = [StatedLimit(Kind.REQUESTS, per_day=False, amount=4)]
        await store.refused(FLASH, Refusal(RefusalKind.MINUTE, 5.0, stated), store.tick())

    asyncio.run(main())
    return server.url


def test_status_shows_what_is_shared_by_machines(rl, shared: str) -> None:
    document = rl("status", "--json").document
    assert (document["store"], document["exists"]) == (shared, True)
    [scope] = document["scopes"]
    assert scope["scope"] == str(FLASH)
    first = scope["limits"][0]
    assert (first["used"], first["cap"]) == (1, 4)
    assert "gemini-2.5-flash" in rl("status").out


def test_forget_drops_what_was_learned_for_all_machines(rl, shared: str) -> None:
    assert rl("forget", FLASH.model, "--yes").code == 0
    [scope] = rl("status", "--json").document["scopes"]
    assert scope["limits"][0]["cap"] == scope["limits"][0]["declared"]
    assert scope["limits"][0]["used"] == 1


def test_doctor_says_whether_the_server_answers(rl, shared: str, server: RedisServer) -> None:
    assert f"{shared}, 1 scope" in str(rl("doctor", "--json").document["sections"]["store"])
    server.stop()
    assert "cannot be used" in str(rl("doctor", "--json").document["sections"]["store"])


def test_a_server_that_is_gone_is_one_sentence(rl, shared: str, server: RedisServer) -> None:
    server.stop()
    ran = rl("status")
    assert ran.code == 1
    assert f"{shared} cannot be used" in ran.err


def test_a_password_on_the_command_line_is_refused_unseen(rl) -> None:
    ran = rl("status", "--store", "redis://:hunter2@localhost")
    assert ran.code == 2
    assert "MASSGEN_RATE_LIMIT_REDIS_PASSWORD" in ran.err
    assert "hunter2" not in ran.err
