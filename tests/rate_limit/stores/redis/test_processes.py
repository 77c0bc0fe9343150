"""One pool, shared by real processes and event loops, in real time."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Callable, Coroutine, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from massgen_plugins.quota import MINUTE, Domain, Kind, Limit, PoolRules
from massgen_plugins.rate_limit.limiter import DomainLimiter, Limiter
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.stores.redis_server import RedisServer as Address
from massgen_plugins.rate_limit.stores.redis_store import RedisStore
from tests.rate_limit.stores.redis.server import RedisServer
from tests.rate_limit.stores.redis.worker import LIMIT, WINDOW

WORKER = Path(__file__).with_name("worker.py")
DOMAIN = Domain("gemini", "other")
RULES = PoolRules(limits=(Limit(Kind.REQUESTS, 3, MINUTE),), cooldown_mode="off")
ONE = {Kind.REQUESTS: 1}


def run(main: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(main, 60))


@pytest.fixture
def start(server: RedisServer, tmp_path: Path) -> Iterator[Callable[[float], subprocess.Popen[str]]]:
    """Starts processes that call as often as they may, for some seconds."""
    started: list[subprocess.Popen[str]] = []

    def begin(seconds: float) -> subprocess.Popen[str]:
        log = tmp_path / f"{len(started)}.log"
        command = [sys.executable, str(WORKER), server.url, str(log), str(seconds)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait(10)
        process.stdout.close()


def counted(folder: Path) -> list[float]:
    return sorted(float(line) for log in folder.glob("*.log") for line in log.read_text().splitlines())


def worst(times: list[float]) -> int:
    return max(bisect_left(times, start + WINDOW) - index for index, start in enumerate(times))


def test_four_processes_never_pass_the_limit_at_the_server_and_none_starves(start, tmp_path: Path) -> None:
    workers = [start(6.0) for _ in range(4)]
    for worker in workers:
        assert worker.wait(30) == 0
    times = counted(tmp_path)
    assert worst(times) <= LIMIT
    # W / (W + L) of the limit is what can be had: L is the margin's 0.15 s at most.
    assert len(times) >= 0.8 * LIMIT * 6 / 1.15
    shares = [len(log.read_text().splitlines()) for log in tmp_path.glob("*.log")]
    assert min(shares) > 0.6 * sum(shares) / 4


def test_processes_that_are_killed_stall_nobody(start, tmp_path: Path) -> None:
    workers = [start(9.0) for _ in range(4)]
    for worker in workers[:2]:
        time.sleep(1.5)
        worker.send_signal(signal.SIGKILL)
    for worker in workers[2:]:
        assert worker.wait(30) == 0
    times = counted(tmp_path)
    assert worst(times) <= LIMIT
    assert max(later - earlier for earlier, later in pairwise(times)) < WINDOW + 0.5


def limiter(url: str) -> Limiter:
    return Limiter(RedisStore(Address.parse(url, {})), lambda _: RULES)


async def acquire(domain: DomainLimiter) -> Reservation:
    return await domain.acquire(Ask(("model",), ONE, await domain.tick()))


def test_a_server_that_restarts_meanwhile_is_told_again_what_was_spent(own_server) -> None:
    server = own_server()

    async def main() -> bool:
        domain = limiter(server.url).domain(DOMAIN)
        for _ in range(2):
            await acquire(domain)
        server.stop()
        server.start()
        await acquire(domain)
        waiting = asyncio.create_task(acquire(domain))
        await asyncio.sleep(0.5)
        waiting.cancel()
        return waiting.done()

    assert not run(main())


def test_who_waits_is_woken_at_once_by_a_call_that_was_never_sent(server: RedisServer) -> None:
    async def main() -> float:
        ours, theirs = (limiter(server.url).domain(DOMAIN) for _ in range(2))
        calls = [await acquire(ours) for _ in range(3)]
        waiting = asyncio.create_task(acquire(theirs))
        await asyncio.sleep(0.35)  # it has just asked in vain, and would ask again in a second
        assert not waiting.done()
        start = time.monotonic()
        calls[0].release()
        await asyncio.wait_for(waiting, 10)
        return time.monotonic() - start

    assert run(main()) < 0.6
