"""Processes on one machine that share a SQLite file, and the machine's clocks."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Kind, Limit, PoolRules
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from tests.rate_limit.stores.process import Process

__all__ = ["LIMIT", "RULES", "Machine", "hold"]

PACIFIC = "America/Los_Angeles"
LIMIT = 6
RULES = PoolRules(
    limits=(Limit(Kind.REQUESTS, LIMIT, MINUTE), Limit(Kind.REQUESTS, 20, CalendarDay(PACIFIC))),
    cooldown_mode="off",
    zone=PACIFIC,
)


class Machine:
    """Processes on one machine, over one file, and the machine's clocks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.boot, self.up, self.wall = "first", 10**12, 1_790_000_000 * NANOSECONDS
        self.said: list[str] = []
        self.processes: list[Process] = []

    def pass_time(self, seconds: float) -> None:
        self.up += int(seconds * NANOSECONDS)
        self.wall += int(seconds * NANOSECONDS)

    def reboot(self, name: str, uptime: float) -> None:
        self.boot, self.up = name, int(uptime * NANOSECONDS)

    def open(self, rules: PoolRules = RULES) -> Process:
        """A process begins."""
        store = SqliteStore(
            self.path,
            self.said.append,
            since_boot=lambda: self.up,
            boot=lambda: self.boot,
            wall=lambda: self.wall,
        )
        self.processes.append(Process(store, rules, f"process {len(self.processes)}", self.said))
        return self.processes[-1]

    def scribble(self, *statements: str) -> None:
        """Another program writes into the file."""
        connection = sqlite3.connect(self.path, isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        connection.close()


def hold(path: Path) -> sqlite3.Connection:
    """Another program begins to write, and does not end."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    return connection
