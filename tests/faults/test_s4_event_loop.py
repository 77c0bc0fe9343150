"""S4: whatever the store does, the event loop never stands still for more than 50 ms."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.rate_limit.stores.redis.server import RedisServer

from .bed import LIMIT, bed, limits
from .server import CountingServer
from .spoiled_redis import SpoiledRedis

LAG = 0.05
LONGEST = 20.0
"""Seconds after which everybody has an answer: opening and asking are bounded."""

TRIES = 3
"""A busy machine can hold up a loop, too, but not again and again; what blocks it always does."""

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("CREATE TABLE IF NOT EXISTS held (one)")
connection.execute("DROP TABLE held")
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_file(folder: Path) -> Iterator[str]:
    """Another program holds the file from before the start on."""
    path = folder / "held.sqlite3"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"held\n"
        yield str(path)


@contextmanager
def silent(_: Path) -> Iterator[str]:
    """A server that accepts and never answers."""
    with SpoiledRedis(0, b"") as server:
        yield server.url


@contextmanager
def silent_encrypted(_: Path) -> Iterator[str]:
    """The same, asked for TLS."""
    with SpoiledRedis(0, b"") as server:
        yield server.url.replace("redis:", "rediss:")


@contextmanager
def not_encrypted(_: Path) -> Iterator[str]:
    """A server in the clear, asked for TLS."""
    with SpoiledRedis(0, b"-ERR unknown command\r\n") as server:
        yield server.url.replace("redis:", "rediss:")


@contextmanager
def slow(folder: Path) -> Iterator[str]:
    """A server half a second away."""
    behind = RedisServer(folder).start()
    try:
        with SpoiledRedis(behind.port, delay=0.5) as server:
            yield server.url
    finally:
        behind.stop()


@contextmanager
def nobody(_: Path) -> Iterator[str]:
    """A port at which nobody listens."""
    yield "redis://127.0.0.1:1/0"


Store = Callable[[Path], AbstractContextManager[str]]


@pytest.mark.parametrize("store", [held_file, silent, silent_encrypted, not_encrypted, slow, nobody])
def test_the_loop_goes_on(server: CountingServer, tmp_path: Path, store: Store) -> None:
    seen: list[Any] = []
    for number in range(TRIES):
        folder = tmp_path / str(number)
        folder.mkdir()
        with store(folder) as place, bed(server, limits(place, max_wait=30)) as process:
            begun = time.monotonic()
            assert process.calls(LIMIT, timeout=LONGEST) == LIMIT
            assert time.monotonic() - begun < LONGEST
            first = process.lag
            assert process.calls(0, timeout=LONGEST) == 0
            seen.append(round(first, 3))
        if seen[-1] <= LAG:
            return
    pytest.fail(f"the loop stood still for {seen} s")
