"""A process that makes calls until it is killed: ``python -m tests.soak.worker STORE PORT SEED``."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from massgen_plugins.quota import Domain, Kind, PoolRules
from massgen_plugins.rate_limit.limiter import DomainLimiter, Limiter
from massgen_plugins.rate_limit.reservation import Ask
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from tests.soak.load import AGENTS, LIMITS

DOMAIN = Domain("soak", "account")
RULES = PoolRules(LIMITS, cooldown_mode="off")


async def main(path: Path, port: int, seed: int) -> None:
    chance = random.Random(seed)
    domain = Limiter(SqliteStore(path, _say), lambda _: RULES, report=_say).domain(DOMAIN)
    _say("ready")
    await asyncio.gather(*(agent(domain, port, random.Random(chance.random())) for _ in range(AGENTS)))


async def agent(domain: DomainLimiter, port: int, chance: random.Random) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while True:
        estimate = int(chance.lognormvariate(6, 1)) + 1
        amounts = {Kind.REQUESTS: 1, Kind.INPUT_TOKENS: estimate}
        wish = domain.acquire(Ask(("model",), amounts, await domain.tick()))
        try:
            # Some lose patience: whoever was cancelled must leave no trace in the queue.
            call = await asyncio.wait_for(wish, chance.choice([0.05, 60, 60, 60]))
        except TimeoutError:
            continue
        if chance.random() < 0.05:
            call.release()  # the connection could not be made
            continue
        actual = max(1, int(estimate * chance.uniform(0.4, 1)))
        call.written()
        writer.write(b"%d\n" % actual)
        answer = await reader.readline()
        call.answered()
        if answer != b"ok\n":
            _say("refused")
        call.settle({Kind.INPUT_TOKENS: actual})
        call.finished()


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
