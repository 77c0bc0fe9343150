"""One process's life: it takes what it can get of a shared scope, until it is killed."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from pathlib import Path

from massgen_plugins.quota import NANOSECONDS, Kind, Limit, Scope, ScopeRules, Sliding
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore

__all__ = ["PER_SECOND", "STAMP", "live"]

PER_SECOND = 30
"""Calls that the limit allows, on average."""

AGENTS = 6
STAMP = struct.Struct("d")
"""When a call was written, in seconds: what the server reads."""

_SCOPE = Scope("kills", "account", "model")


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
    limiter = Limiter(SqliteStore(path))
    limiter.configure(_SCOPE, ScopeRules((limit,), cooldown_mode="off"))
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.connect(("127.0.0.1", server))

    async def agent() -> None:
        while True:
            hold = await limiter.acquire(_SCOPE, {Kind.REQUESTS: 1})
            limiter.written(hold)
            line.send(STAMP.pack(time.monotonic()))
            await asyncio.sleep(0.005)
            limiter.arrived(hold)

    await asyncio.gather(*(agent() for _ in range(AGENTS)))
