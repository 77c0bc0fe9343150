"""One pool, shared by real threads, event loops and processes; short windows in real time."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from massgen_plugins.quota import Domain, Kind, Limit, PoolRules, Sliding
from massgen_plugins.rate_limit.limiter import DomainLimiter, Limiter
from massgen_plugins.rate_limit.reservation import NORMAL, URGENT, Ask, Reservation
from massgen_plugins.rate_limit.stores.base import Store
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore

DOMAIN = Domain("gemini", "project")
ONE = {Kind.REQUESTS: 1}
WINDOW = 1.0
LIMIT = 10
RULES = PoolRules(limits=(Limit(Kind.REQUESTS, LIMIT, Sliding(10**9)),), cooldown_mode="off")
WORKER = Path(__file__).with_name("worker.py")


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path: Path):
    made: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "quota.sqlite3")
    yield made
    made.close()


def worst(times: list[float]) -> int:
    return max(sum(start <= each < start + WINDOW for each in times) for start in times)


async def acquire(domain: DomainLimiter, priority: int = NORMAL) -> Reservation:
    return await domain.acquire(Ask(("model",), ONE, await domain.tick(), priority))


async def take(domain: DomainLimiter, count: int, sent: list[float]) -> None:
    async def one() -> None:
        call = await acquire(domain)
        sent.append(time.monotonic())
        await asyncio.sleep(0.01)
        call.answered()

    await asyncio.gather(*(one() for _ in range(count)))


def test_two_loops_in_two_threads_share_a_pool(store: Store) -> None:
    domain = Limiter(store, lambda _: RULES).domain(DOMAIN)
    sent: list[float] = []
    threads = [threading.Thread(target=lambda: asyncio.run(take(domain, 15, sent))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(sent) == 30
    assert worst(sent) <= LIMIT


def test_a_loop_that_is_blocked_at_the_head_of_the_queue_stalls_nobody(store: Store) -> None:
    """A tool makes a synchronous call on the thread of a loop whose own waiters are before it."""
    domain = Limiter(store, lambda _: RULES).domain(DOMAIN)
    helper = asyncio.new_event_loop()
    thread = threading.Thread(target=helper.run_forever)
    thread.start()

    async def main() -> float:
        await take(domain, LIMIT, [])
        waiting = [asyncio.create_task(acquire(domain)) for _ in range(3)]
        await asyncio.sleep(0.05)
        start = time.monotonic()
        call = asyncio.run_coroutine_threadsafe(acquire(domain, URGENT), helper)
        call.result(10)  # this loop stands still here, and its waiters cannot take their turn
        blocked = time.monotonic() - start
        await asyncio.gather(*waiting)
        return blocked

    try:
        assert asyncio.run(main()) < 2 * WINDOW
    finally:
        helper.call_soon_threadsafe(helper.stop)
        thread.join()
        helper.close()


class Worker:
    """A process that takes places of the pool for as long as it lives, and writes down when."""

    def __init__(self, path: Path, log: Path) -> None:
        self.log = log
        command = [sys.executable, str(WORKER), str(path), str(log)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(how)
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


def sent_times(folder: Path) -> list[float]:
    lines = [line for log in folder.glob("*.log") for line in log.read_text().splitlines()]
    return sorted(json.loads(line) for line in lines if line)


def test_processes_killed_at_random_neither_free_nor_block_quota(tmp_path: Path) -> None:
    chance = random.Random(11)
    path = tmp_path / "quota.sqlite3"
    workers = [Worker(path, tmp_path / f"{n}.log") for n in range(3)]
    for kill in range(12):
        time.sleep(chance.uniform(0.05, 0.4))
        victim = chance.randrange(3)
        workers[victim].end()
        workers[victim] = Worker(path, tmp_path / f"again{kill}.log")
    for worker in workers:
        worker.end()
    times = sent_times(tmp_path)
    assert worst(times) <= LIMIT
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert max(gaps) < 3 * WINDOW  # a window, its margin, and a lease
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_stopped_process_at_the_head_does_not_stall_the_others(tmp_path: Path) -> None:
    path = tmp_path / "quota.sqlite3"
    frozen, other = Worker(path, tmp_path / "frozen.log"), Worker(path, tmp_path / "other.log")
    time.sleep(0.5)
    os.kill(frozen.process.pid, signal.SIGSTOP)
    before = len(sent_times(tmp_path))
    time.sleep(4 * WINDOW)
    during = len(sent_times(tmp_path)) - before
    os.kill(frozen.process.pid, signal.SIGCONT)
    time.sleep(WINDOW)
    for worker in (frozen, other):
        worker.end()
    assert during >= LIMIT
    assert worst(sent_times(tmp_path)) <= LIMIT
