"""Commands on pools that live in a Redis server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.quota import MINUTE, Kind
from massgen_plugins.rate_limit.stores.redis_server import RedisServer as Address
from massgen_plugins.rate_limit.stores.redis_store import RedisStore
from tests.cli.conftest import FLASH, spend_in
from tests.rate_limit.stores.redis.server import RedisServer


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

    store = RedisStore(Address.parse(server.url, {}))
    stated = (StatedLimit(Kind.REQUESTS, MINUTE, 4),)
    spend_in(store, refusal=Refusal(RefusalKind.WINDOW, retry_after=5.0, limits=stated))
    store.close()
    return server.url


def test_status_shows_what_is_shared_by_machines(rl, shared: str) -> None:
    document = rl("status", "--json").document
    assert (document["store"], document["exists"]) == (shared, True)
    [pool] = document["pools"]
    assert pool["pool"] == str(FLASH)
    first = pool["limits"][0]
    assert (first["used"], first["cap"]) == (1, 4)
    assert "gemini-2.5-flash" in rl("status").out


def test_forget_drops_what_was_learned_for_all_machines(rl, shared: str) -> None:
    assert rl("forget", FLASH.name, "--yes").code == 0
    [pool] = rl("status", "--json").document["pools"]
    assert pool["limits"][0]["cap"] == pool["limits"][0]["declared"]
    assert pool["limits"][0]["used"] == 1


def test_doctor_says_whether_the_server_answers(rl, shared: str, server: RedisServer) -> None:
    assert f"{shared}, 1 pool" in str(rl("doctor", "--quick", "--json").document["sections"]["store"])
    server.stop()
    assert "cannot be used" in str(rl("doctor", "--quick", "--json").document["sections"]["store"])


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
