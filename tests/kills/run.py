"""Workers that are forked, killed at random instants, and forked again; and what the server saw of it.

A worker is a fork of this process, which has imported everything already, so that hundreds can die a minute.
The server is a socket of this process: what arrives waits in its buffer, with the moment of its sending.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import sqlite3
import time
import traceback
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from massgen_plugins.quota import NANOSECONDS, Sliding, margin_of
from massgen_plugins.rate_limit.reservation import WRITE_GRACE
from tests.kills.worker import PER_SECOND, STAMP, live

__all__ = ["Report", "run"]

_WORKERS = 4
_LONGEST_LIFE = 1.2
"""Seconds between two kills, at most; half of them come much sooner, while a worker is still beginning."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it.

    Attributes:
        window: Seconds, of the limit that was shared.
        kills: How many processes were killed.
        served: Calls that arrived at the server.
        fullest: The largest share of the limit that any window held.
        longest_stall: Seconds, the longest for which nothing arrived although the window had room.
        intact: What SQLite finds wrong with the file; ``ok`` if nothing.
        set_aside: How many files were found damaged by a worker.
        seconds: How long it took.
    """

    window: int
    kills: int
    served: int
    fullest: float
    longest_stall: float
    intact: str
    set_aside: int
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether all is as it must be."""
        return (
            self.fullest <= 1
            and self.longest_stall < self.window + _margin(self.window)
            and self.intact == "ok"
            and not self.set_aside
        )


def run(folder: Path, kills: int, seed: int, window: int) -> Report:
    """Kill so many, and look at what the others made of it.

    Args:
        folder: An empty directory.
        kills: How many.
        seed: Of all that is left to chance.
        window: Seconds, of the limit that they share.
    """
    path, chance = folder / "quota.sqlite3", random.Random(seed)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)
        port = server.getsockname()[1]
        begun, sent = time.monotonic(), []
        workers = [_fork(path, port, window) for _ in range(_WORKERS)]
        for _ in range(kills):
            time.sleep(_LONGEST_LIFE * chance.random() ** 3)
            place = chance.randrange(_WORKERS)
            _kill(workers[place])
            workers[place] = _fork(path, port, window)
            sent += _read(server)
        time.sleep(1)
        for worker in workers:
            _kill(worker)
        sent += _read(server)
    seconds, broken = time.monotonic() - begun, len(list(folder.glob("*.aside-*")))
    return Report(
        window,
        kills,
        len(sent),
        _fullest(sent, window),
        _longest_stall(sent, window),
        _check(path),
        broken,
        seconds,
    )


def _margin(window: int) -> float:
    """Seconds for which what a killed process was granted stays spent, beyond the window."""
    nanoseconds = window * NANOSECONDS
    return (margin_of(Sliding(nanoseconds)) + WRITE_GRACE + nanoseconds / 250) / NANOSECONDS


def _fork(path: Path, port: int, window: int) -> int:
    child = os.fork()
    if child == 0:
        try:
            live(path, port, window)
        except BaseException:  # it must not come back into its parent's code
            traceback.print_exc()
        os._exit(1)
    return child


def _kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def _read(server: socket.socket) -> list[float]:
    sent = []
    while True:
        try:
            sent.append(STAMP.unpack(server.recv(STAMP.size))[0])
        except BlockingIOError:
            return sent


def _fullest(sent: list[float], window: int) -> float:
    times, first, most = sorted(sent), 0, 0
    for last, moment in enumerate(times):
        while times[first] <= moment - window:
            first += 1
        most = max(most, last - first + 1)
    return most / (PER_SECOND * window)


def _longest_stall(sent: list[float], window: int) -> float:
    times = sorted(sent)
    # With the window full there is room when the first of the last calls leaves it.
    room = [0.0] * (PER_SECOND * window) + [moment + window for moment in times]
    stalls = [
        later - max(earlier, free) for (earlier, later), free in zip(pairwise(times), room[1:], strict=False)
    ]
    return max(stalls, default=float("inf"))


def _check(path: Path) -> str:
    connection = sqlite3.connect(path)
    try:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        connection.close()
