"""A process that takes places of a shared scope until it is killed: ``worker.py STORE LOG``."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from massgen_plugins.quota import Kind, Limit, Scope, ScopeRules, Sliding
from massgen_plugins.rate_limit.ledger import WRITE_GRACE
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore

SCOPE = Scope("gemini", "project", "gemini-2.5-flash")
RULES = ScopeRules(limits=(Limit(Kind.REQUESTS, 10, Sliding(10**9)),), cooldown_mode="off")


async def main(path: Path, log: Path) -> None:
    limiter = Limiter(SqliteStore(path))
    limiter.configure(SCOPE, RULES)
    print("ready", flush=True)  # noqa: T201 - whoever started it waits for this
    with log.open("a", buffering=1) as file:

        async def take() -> None:
            while True:
                ticket = await limiter.acquire(SCOPE, {Kind.REQUESTS: 1})
                # When it was admitted: on a busy machine this line may come later, and then a server would
                # be told by `written`.
                file.write(json.dumps((ticket.begun - WRITE_GRACE) / 1e9) + "\n")
                await asyncio.sleep(0.01)
                limiter.arrived(ticket)

        await asyncio.gather(*(take() for _ in range(5)))


asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
