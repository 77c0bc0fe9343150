"""S1: whatever becomes of the store, calls stay limited."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rate_limit.stores.redis.server import RedisServer

from .bed import LIMIT, bed, limits
from .server import CountingServer
from .spoiled_redis import SPOILED, SpoiledRedis

CORRUPTIONS = int(os.environ.get("FAULTS_CORRUPTIONS", "60"))
"""How many places of the file are damaged; 600 in the run before a release."""


def files_of(store: Path) -> list[Path]:
    return [each for each in (store, store.with_name(store.name + "-wal")) if each.exists()]


def spoil(store: Path, chance: random.Random) -> None:
    """Damage the file at some places, as a failing disk or another program would."""
    path = chance.choice(files_of(store))
    size = path.stat().st_size
    with path.open("r+b") as file:
        for _ in range(chance.choice((1, 8, 200))):
            file.seek(chance.randrange(max(1, size)))
            file.write(chance.choice((b"\xff", b"\x00", b"\xc3\x28", b'"', b"9")))


def never_unlimited(said: list[str]) -> None:
    assert not [line for line in said if "not limited" in line or "WITHOUT" in line], said


@pytest.mark.parametrize("part", range(4))
def test_random_damage_never_lifts_the_limits(server: CountingServer, tmp_path: Path, part: int) -> None:
    """One process before and after the damage, and one that comes later."""
    for number in range(part, CORRUPTIONS, 4):
        chance = random.Random(number)
        store = tmp_path / f"{number}.sqlite3"
        with bed(server, limits(store)) as first:
            first.calls(2)
            spoil(store, chance)
            assert first.calls(4 * LIMIT) <= LIMIT, number
            assert set(first.outcomes) <= {200, 403}
            never_unlimited(first.said)
        with bed(server, limits(store)) as later:
            assert later.calls(4 * LIMIT) <= LIMIT, number
            never_unlimited(later.said)


SCHEMA = b"data BLOB NOT NULL"


@pytest.mark.parametrize("bad", [b"\xff", b"\x00", b"9"])
def test_one_bad_byte_in_the_schema(server: CountingServer, tmp_path: Path, bad: bytes) -> None:
    store = tmp_path / "quota.sqlite3"
    with bed(server, limits(store)) as first:
        first.calls(1)
    content = store.read_bytes()
    assert SCHEMA in content
    store.write_bytes(content.replace(SCHEMA, bad + SCHEMA[1:]))
    with bed(server, limits(store)) as later:
        assert 0 < later.calls(4 * LIMIT) <= LIMIT
        never_unlimited(later.said)
        assert later.said, "the user is told of it"
        assert not [line for line in later.said if "Error(" in line]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    made = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield made
    made.stop()


@pytest.mark.parametrize("kind", SPOILED)
def test_a_spoiled_answer_of_redis_never_lifts_the_limits(
    server: CountingServer, redis: RedisServer, kind: str
) -> None:
    with redis.client() as client:
        client.flushall()
    with SpoiledRedis(redis.port) as spoiled, bed(server, limits(spoiled.url)) as process:
        process.calls(1)
        spoiled.answer = SPOILED[kind]
        assert process.calls(4 * LIMIT) <= LIMIT
        assert process.calls(4 * LIMIT) == 0
        never_unlimited(process.said)


@pytest.mark.parametrize("kind", SPOILED)
def test_a_server_that_is_none_means_limits_in_memory(server: CountingServer, kind: str) -> None:
    with SpoiledRedis(0, SPOILED[kind]) as spoiled, bed(server, limits(spoiled.url)) as process:
        assert process.calls(4 * LIMIT) == LIMIT
        assert process.calls(4 * LIMIT) == 0
        never_unlimited(process.said)
        assert [line for line in process.said if "The quota is kept in" in line]
