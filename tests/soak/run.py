"""The soak: processes under load, faults at random, and a report of what the judge saw."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.soak.judge import Judge
from tests.soak.load import PROCESSES, REQUESTS, TOKENS, WINDOW

__all__ = ["Report", "soak"]

ROOT = Path(__file__).parents[2]


@dataclass
class Report:
    """What came of it.

    Attributes:
        seconds: How long it went on.
        served: Calls that the judge let pass.
        refused: Calls that it refused.
        fullest: The largest share of a limit that any window held at the judge.
        used: Share of the requests that the quota would have allowed.
        faults: How often each fault was injected.
        said: What the workers had to say.
        intact: What SQLite finds wrong with the file; ``ok`` if nothing.
        longest_gap: Seconds, the longest for which nothing was served.
    """

    seconds: float
    served: int = 0
    refused: int = 0
    fullest: float = 0.0
    used: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    intact: str = ""
    longest_gap: float = 0.0


class _Soak:
    def __init__(self, folder: Path, seed: int) -> None:
        self.path = folder / "quota.sqlite3"
        self.chance = random.Random(seed)
        self.judge = Judge(WINDOW, REQUESTS, TOKENS)
        self.workers: list[asyncio.subprocess.Process] = []
        self.listeners: set[asyncio.Task[None]] = set()
        self.port = 0
        self.report = Report(0)

    async def run(self, seconds: float, progress: Callable[[str], None]) -> Report:
        server = await asyncio.start_server(self.judge.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.workers = [await self.start() for _ in range(PROCESSES)]
        begun = last = time.monotonic()
        served = 0
        while (now := time.monotonic()) < begun + seconds:
            await asyncio.sleep(0.05)
            if self.judge.served != served:
                served, last = self.judge.served, now
            self.report.longest_gap = max(self.report.longest_gap, now - last)
            if self.chance.random() < 0.03:
                await self.inject()
            progress(f"{now - begun:4.0f} s: {served} served, {self.judge.refused} refused")
        for worker in self.workers:
            worker.kill()
            await worker.wait()
        server.close()
        return self.finish(time.monotonic() - begun)

    async def start(self) -> asyncio.subprocess.Process:
        arguments = [str(self.path), str(self.port), str(self.chance.randrange(10**6))]
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.soak.worker", *arguments),
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        assert worker.stdout is not None
        await worker.stdout.readline()
        listener = asyncio.create_task(self.listen(worker.stdout))
        self.listeners.add(listener)
        listener.add_done_callback(self.listeners.discard)
        return worker

    async def listen(self, output: asyncio.StreamReader) -> None:
        while line := await output.readline():
            self.report.said.append(line.decode().strip())

    async def inject(self) -> None:
        faults: list[Callable[[], Awaitable[None]]] = [self.kill, self.lock, self.read]
        fault = self.chance.choice(faults)
        self.report.faults[fault.__name__] = self.report.faults.get(fault.__name__, 0) + 1
        await fault()

    async def kill(self) -> None:
        """Without warning, at any instruction."""
        place = self.chance.randrange(PROCESSES)
        self.workers[place].kill()
        await self.workers[place].wait()
        self.workers[place] = await self.start()

    async def lock(self) -> None:
        """Another program holds the file for a while."""
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=1)
        try:
            connection.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(self.chance.uniform(0, 0.5))
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            pass  # it was not free
        finally:
            connection.close()

    async def read(self) -> None:
        """Somebody looks, as ``massgen-rl status`` does."""
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        connection.execute("SELECT count(*) FROM part").fetchone()
        connection.close()

    def finish(self, seconds: float) -> Report:
        report, judge = self.report, self.judge
        report.seconds, report.served, report.refused = seconds, judge.served, judge.refused
        report.fullest = judge.fullest
        report.used = judge.served / (REQUESTS * (seconds / WINDOW + 1))
        connection = sqlite3.connect(self.path)
        report.intact = connection.execute("PRAGMA integrity_check").fetchone()[0]
        connection.close()
        return report


def soak(folder: Path, seconds: float, seed: int, progress: Callable[[str], None] = lambda _: None) -> Report:
    """Run it.

    Args:
        folder: An empty directory.
        seconds: How long.
        seed: Of all that is left to chance.
        progress: Told twenty times a second how far it is.
    """
    return asyncio.run(_Soak(folder, seed).run(seconds, progress))
