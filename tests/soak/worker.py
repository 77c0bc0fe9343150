"""A process that makes calls until it is killed: ``python -m tests.soak.worker STORE PORT SEED``."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from massgen_plugins.quota import Kind, Scope, ScopeRules
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.stores.awaited import awaited
from massgen_plugins.rate_limit.stores.fallback import FallbackStore
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from tests.soak.load import AGENTS, LIMITS

SCOPE = Scope("soak", "account", "model")


async def main(path: Path, port: int, seed: int) -> None:
    chance = random.Random(seed)
    store = FallbackStore(awaited(SqliteStore(path, _say)), lambda tick: awaited(MemoryStore(tick)), _say)
    limiter = Limiter(store)
    limiter.configure(SCOPE, ScopeRules(LIMITS, cooldown_mode="off"))
    _say("ready")
    await asyncio.gather(*(agent(limiter, port, random.Random(chance.random())) for _ in range(AGENTS)))


async def agent(limiter: Limiter, port: int, chance: random.Random) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while True:
        estimate = int(chance.lognormvariate(6, 1)) + 1
        wish = limiter.acquire(SCOPE, {Kind.REQUESTS: 1, Kind.INPUT_TOKENS: estimate})
        try:
            # Some lose patience: whoever was cancelled must leave no trace in the line.
            hold = await asyncio.wait_for(wish, chance.choice([0.05, 60, 60, 60]))
        except TimeoutError:
            continue
        if chance.random() < 0.05:
            limiter.release(hold)  # the connection could not be made
            continue
        actual = max(1, int(estimate * chance.uniform(0.4, 1)))
        limiter.written(hold)
        writer.write(b"%d\n" % actual)
        answer = await reader.readline()
        limiter.arrived(hold)
        if answer != b"ok\n":
            _say("refused")
        limiter.settle(hold, {Kind.INPUT_TOKENS: actual})


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - whoever started it listens


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
