"""Four processes of 25 tasks share 50 calls a second: is it cheap, exact and fair?"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks import crowd, peers
from tests.benchmarks.figures import Effort, Figure
from tests.benchmarks.peers import Peer
from tests.benchmarks.server import worst_window

PROCESSES, TASKS, AMOUNT, WINDOW = 4, 25, 50, 1.0
CPU = "CPU per grant, 4 processes x 25 tasks"
FAIR = "largest deviation of a process from its share"
WORST = "worst window, 4 processes, at the moment of release"
SERVER = "worst window, 4 processes, at the server"
UPLINK = 0.1
"""Seconds, within the margin of a window of one second."""


def measure(effort: Effort) -> list[Figure]:
    """The limiters that processes can share through a file."""
    figures = []
    for kind in peers.shared("SQLite"):
        if effort.peers or kind.ours:
            with tempfile.TemporaryDirectory() as folder:
                places = [str(Path(folder) / f"{name}.sqlite3") for name in ("quick", "late")]
                figures += compare(kind, places, effort.seconds)
    return figures


def compare(kind: type[Peer], places: Sequence[str], seconds: float) -> list[Figure]:
    """One limiter, without latency as in the peers' benchmark, and ours with a provider's latency as well.

    Args:
        kind: One that can be shared.
        places: Two files or servers to share, unused so far.
        seconds: How long it works, each time.
    """
    goal, store = kind.ours, kind.shared
    answers = _run(kind, places[0], seconds, 0.0)
    grants = [sorted(each["grants"]) for each in answers]
    total = sum(map(len, grants))
    cpu = sum(each["cpu"] for each in answers) / max(1, total) * 1e6
    split, deviation = _fairness(grants)
    figures = [
        Figure(f"{CPU}, {store}", kind.name, cpu, "us", 120 if goal else None, note=f"{total} grants"),
        Figure(f"{FAIR}, {store}", kind.name, deviation, "", 0.25 if goal else None, note=f"split {split}"),
        Figure(f"{WORST}, {store}", kind.name, _worst(grants), "x the limit", 1.0 if goal else None),
    ]
    if goal:
        answers = _run(kind, places[1], seconds, UPLINK)
        worst = _worst([each["arrivals"] for each in answers])
        note = f"uplink up to {UPLINK * 1000:.0f} ms"
        figures.append(Figure(f"{SERVER}, {store}", kind.name, worst, "x the limit", 1.0, note=note))
    return figures


def _run(kind: type[Peer], where: str, seconds: float, uplink: float) -> list[dict[str, Any]]:
    return crowd.run(
        kind,
        where,
        PROCESSES,
        seconds,
        role="greedy",
        amount=AMOUNT,
        seconds=WINDOW,
        tasks=TASKS,
        uplink=uplink,
    )


def _fairness(grants: list[list[float]]) -> tuple[list[int], float]:
    """Grants of each process after the first window, and by what share the worst is off."""
    first = min((each[0] for each in grants if each), default=0.0) + WINDOW
    split = [sum(at >= first for at in each) for each in grants]
    share = max(1, sum(split)) / len(split)
    return split, max(abs(count - share) for count in split) / share


def _worst(moments: list[list[float]]) -> float:
    merged = sorted((at, 1) for each in moments for at in each)
    return worst_window(merged, WINDOW) / AMOUNT
