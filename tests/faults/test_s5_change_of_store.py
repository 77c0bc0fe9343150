"""S5: one process never passes its limit, whatever becomes of its store."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rate_limit.stores.redis.server import RedisServer

from .bed import LIMIT, bed, limits
from .server import CountingServer
from .spoiled_redis import SPOILED, SpoiledRedis


def delete(store: Path) -> None:
    for each in store.parent.glob(f"{store.name}*"):
        each.unlink()


def rename(store: Path) -> None:
    store.rename(store.with_name("elsewhere.sqlite3"))


def damage(store: Path) -> None:
    store.write_bytes(b"\xff" * store.stat().st_size)


@pytest.mark.parametrize("change", [delete, rename, damage])
def test_a_file_that_changes(tmp_path: Path, change: Callable[[Path], None]) -> None:
    store = tmp_path / "quota.sqlite3"
    with CountingServer() as server, bed(server, limits(store)) as process:
        assert process.calls(LIMIT) == LIMIT
        change(store)
        threading.Event().wait(0.6)  # twice a second it is looked at whether it is still the same file
        process.calls(4 * LIMIT)
        assert server.arrived == LIMIT


@pytest.mark.parametrize("change", ["flush", "stop", "spoil"])
def test_a_server_that_changes(tmp_path: Path, change: str) -> None:
    redis = RedisServer(tmp_path).start()
    with (
        CountingServer() as server,
        SpoiledRedis(redis.port) as between,
        bed(server, limits(between.url)) as process,
    ):
        assert process.calls(LIMIT) == LIMIT
        if change == "flush":
            with redis.client() as client:
                client.flushall()
        elif change == "stop":
            redis.stop()
        else:
            between.answer = SPOILED["nothing"]
        process.calls(4 * LIMIT)
        assert server.arrived == LIMIT
    redis.stop()
