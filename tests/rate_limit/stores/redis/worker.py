"""A process that makes calls for some seconds: ``worker.py URL LOG SECONDS``.

It writes down when each of its calls reached the server that counts: some time after it was admitted.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path

from massgen_plugins.quota import Domain, Kind, Limit, PoolRules, Sliding
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.reservation import Ask
from massgen_plugins.rate_limit.stores.redis_server import RedisServer
from massgen_plugins.rate_limit.stores.redis_store import RedisStore

DOMAIN = Domain("gemini", "project")
LIMIT, WINDOW = 40, 1.0
RULES = PoolRules(limits=(Limit(Kind.REQUESTS, LIMIT, Sliding(10**9)),), cooldown_mode="off")
UPLINK, HEADERS = 0.08, 0.1


async def main(url: str, log: Path, seconds: float) -> None:
    limiter = Limiter(RedisStore(RedisServer.parse(url, {})), lambda _: RULES)
    domain = limiter.domain(DOMAIN)
    print("ready", flush=True)
    end = time.monotonic() + seconds
    with log.open("a", buffering=1) as file:

        async def call() -> None:
            while time.monotonic() < end:
                reserved = await domain.acquire(Ask(("model",), {Kind.REQUESTS: 1}, await domain.tick()))
                # On a busy machine a sleep may take longer than the uplink that it stands for, so what the
                # server sees is computed.
                uplink, written = random.uniform(0, UPLINK), time.monotonic()
                reserved.written()
                await asyncio.sleep(uplink + random.uniform(0, HEADERS))
                file.write(f"{written + uplink}\n")
                reserved.answered()

        await asyncio.gather(*(call() for _ in range(12)))
    limiter.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])))
