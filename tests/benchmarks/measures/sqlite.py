"""Shared on one machine: SQLite, in the price of the smallest durable step that there is."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from itertools import count
from pathlib import Path

from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from tests.benchmarks import peers
from tests.benchmarks.figures import Effort, Figure
from tests.benchmarks.peers.our_cycles import ThreeLimits
from tests.benchmarks.timing import Spin, compare

ALONE, CYCLE = "SQLite acquire", "SQLite acquire + settle"
EACH = "SQLite acquire + settle, each call by itself"
UNIT = "x BEGIN IMMEDIATE + upsert + COMMIT"
_UPSERT = "INSERT INTO t VALUES (1, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v"


def measure(effort: Effort) -> list[Figure]:
    """Ours, and the peers that have a file to share."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(effort, Path(folder)))


async def _measure(effort: Effort, folder: Path) -> list[Figure]:
    numbers, floor = count(), Floor(folder / "floor.sqlite3")
    opened: list[ThreeLimits] = []

    def ours() -> ThreeLimits:
        opened.append(ThreeLimits(SqliteStore(folder / f"{next(numbers)}.sqlite3")))
        return opened[-1]

    times = effort.times // 3
    alone = await compare(lambda: ours().acquire_only, lambda: floor.spin, times, effort.rounds)
    cycle = await compare(lambda: ours().spin_and_keep, lambda: floor.spin, times, effort.rounds)
    each = await compare(lambda: ours().keep_each, lambda: floor.spin, times, effort.rounds)
    figures = [
        Figure(ALONE, "ours", alone.ratio, UNIT, 2.0, note=alone.note),
        Figure(CYCLE, "ours", cycle.ratio, UNIT, 2.6, note=cycle.note),
        Figure(EACH, "ours", each.ratio, UNIT, 6.0, note=f"settled by the worker; {each.note}"),
    ]
    for limiter in opened:
        limiter.close()
    for name, spin in _peers(folder):
        pairs = await compare(lambda: spin, lambda: floor.spin, times, effort.rounds // 3 or 1)  # noqa: B023 - used at once
        figures.append(Figure(ALONE, name, pairs.ratio, UNIT, note=pairs.note))
    floor.close()
    return figures


class Floor:
    """WAL, synchronous NORMAL, one row that is written again and again.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v INTEGER)")

    async def spin(self, times: int) -> None:
        execute = self._connection.execute
        for number in range(times):
            execute("BEGIN IMMEDIATE")
            execute(_UPSERT, (number,))
            execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


def _peers(folder: Path) -> list[tuple[str, Spin]]:
    kinds = [kind for kind in peers.shared("SQLite") if not kind.ours]
    return [
        (kind.name, kind(10**9, 60.0, str(folder / f"peer{number}.sqlite3")).spin)
        for number, kind in enumerate(kinds)
    ]
