"""What a shared store adds to a call when there is quota: 4 busy processes, and one alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmarks import crowd
from tests.benchmarks.figures import Effort, Figure
from tests.benchmarks.peers.ours import BusySqlite

BUSY, ALONE = "latency added, SQLite, 4 busy processes", "latency added, SQLite, one process alone"
CPU = "CPU per call, SQLite, 4 busy processes"
PROCESSES, RATE = 4, 125.0
"""Together 500 calls a second: the largest limit that is sold, 30,000 a minute."""


def measure(effort: Effort) -> list[Figure]:
    """Percentiles in milliseconds, and processor time in microseconds."""
    with tempfile.TemporaryDirectory() as folder:
        busy, cpu = _added(str(Path(folder) / "busy.sqlite3"), PROCESSES, effort.seconds)
        alone, _ = _added(str(Path(folder) / "alone.sqlite3"), 1, effort.seconds)
    note = f"{len(busy):,} calls at {PROCESSES * RATE:.0f}/s"
    return [
        Figure(CPU, "ours", cpu, "us", 40, note=note),
        Figure(f"{BUSY}, p50", "ours", _percentile(busy, 0.5), "ms", 0.2, note=note),
        Figure(f"{BUSY}, p99", "ours", _percentile(busy, 0.99), "ms", note=note),
        Figure(f"{ALONE}, p99.9", "ours", _percentile(alone, 0.999), "ms", note=f"{len(alone):,} calls"),
    ]


def _added(where: str, processes: int, seconds: float) -> tuple[list[float], float]:
    """Seconds that each call waited, in order, and microseconds of processor time that a call took.

    Without what the same calls take when nobody limits them (tasks, sleeps); the processes measure that too.
    """
    job = {"role": "paced", "amount": 10**9, "seconds": 60.0, "rate": RATE}
    answers = crowd.run(BusySqlite, where, processes, seconds, **job)
    added = sorted(each for answer in answers for each in answer["added"])
    cpu = sum(each["cpu"] for each in answers) / max(1, len(added)) * 1e6
    return added, max(0.0, cpu)


def _percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000
