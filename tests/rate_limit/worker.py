"""A process that takes places of a shared pool until it is killed: ``worker.py STORE LOG``."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from massgen_plugins.quota import Domain, Kind, Limit, PoolRules, Sliding
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.reservation import WRITE_GRACE, Ask
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore

DOMAIN = Domain("gemini", "project")
RULES = PoolRules(limits=(Limit(Kind.REQUESTS, 10, Sliding(10**9)),), cooldown_mode="off")


async def main(path: Path, log: Path) -> None:
    domain = Limiter(SqliteStore(path), lambda _: RULES).domain(DOMAIN)
    print("ready", flush=True)
    with log.open("a", buffering=1) as file:

        async def take() -> None:
            while True:
                ask = Ask(("model",), {Kind.REQUESTS: 1}, await domain.tick())
                call = await domain.acquire(ask)
                # When it was admitted: on a busy machine this line may come later, and then a server would
                # be told by `written`.
                file.write(json.dumps((call.begun - WRITE_GRACE) / 1e9) + "\n")
                await asyncio.sleep(0.01)
                call.answered()

        await asyncio.gather(*(take() for _ in range(5)))


asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
