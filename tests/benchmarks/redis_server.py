"""A Redis server of our own on loopback, the one that the tests of the store use."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["is_there", "running"]


def is_there() -> bool:
    """Whether there are a server and a client."""
    try:
        import hiredis  # noqa: F401 - the store imports it late

        from tests.rate_limit.stores.redis import server

        server.find_binary()
    except (ImportError, RuntimeError):
        return False
    return True


@contextmanager
def running() -> Iterator[int]:
    """The port of a server that runs as long as the block."""
    from tests.rate_limit.stores.redis.server import RedisServer

    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder)).start()
        try:
            yield server.port
        finally:
            server.stop()
