"""One process's life: it takes what it can get of a shared pool, until it is killed."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from pathlib import Path

from massgen_plugins.quota import NANOSECONDS, Domain, Kind, Limit, PoolRules, Sliding
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.reservation import Ask
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore

__all__ = ["PER_SECOND", "STAMP", "live"]

PER_SECOND = 30
"""Calls that the limit allows, on average."""

AGENTS = 6
STAMP = struct.Struct("d")
"""When a call was written, in seconds: what the server reads."""

_DOMAIN = Domain("kills", "account")


def live(path: Path, server: int, window: int) -> None:
    """Make calls for ever; to be called in a forked child.

    Args:
        path: The file that is shared.
        server: Port of loopback, where every call is one datagram.
        window: Seconds.
    """
    asyncio.run(_live(path, server, window))


async def _live(path: Path, server: int, window: int) -> None:
    limit = Limit(Kind.REQUESTS, PER_SECOND * window, Sliding(window * NANOSECONDS))
    rules = PoolRules((limit,), cooldown_mode="off")
    domain = Limiter(SqliteStore(path), lambda _: rules).domain(_DOMAIN)
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    wire.connect(("127.0.0.1", server))

    async def agent() -> None:
        while True:
            call = await domain.acquire(Ask(("model",), {Kind.REQUESTS: 1}, await domain.tick()))
            call.written()
            wire.send(STAMP.pack(time.monotonic()))
            await asyncio.sleep(0.005)
            call.answered()

    await asyncio.gather(*(agent() for _ in range(AGENTS)))
