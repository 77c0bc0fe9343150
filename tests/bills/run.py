"""Workers that are forked, killed at random instants, and forked again; and what the server billed."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import time
import traceback
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from massgen_plugins.budget.terms import SHARED, SPENT, run_domain
from massgen_plugins.quota import Pool
from massgen_plugins.rate_limit.viewing import view_file
from massgen_plugins.sandbox import Network, SandboxConfig, SandboxProcess
from tests.bills.worker import AGENTS, MODEL, PRICE, Plan, live

__all__ = ["RUNS", "Report", "run"]

_WORKERS = 4
_LONGEST_LIFE = 1.0
"""Seconds between two kills, at most; most come much sooner."""

RUNS = ("run-one", "run-two")


@dataclass(slots=True)
class Report:
    """What came of it; money in micro-dollars.

    Attributes:
        calls: Answers that the server billed.
        bill: Of all.
        by_run: Of each run.
        by_agent: Of each agent in each run, as ``RUN.AGENT``.
        dearest: The dearest call.
        spent: What the books say was spent, by the same names, and ``day``.
        kills: How many processes were killed.
        seconds: How long it took.
    """

    calls: int
    bill: int
    by_run: dict[str, int]
    by_agent: dict[str, int]
    dearest: int
    spent: dict[str, int] = field(default_factory=dict)
    kills: int = 0
    seconds: float = 0.0


def run(folder: Path, budget: Mapping[str, Any], kills: int, seed: int, *, bounded: bool) -> Report:
    """Spend everything, and look at the bill.

    Args:
        folder: An empty directory.
        budget: The block ``budget:``.
        kills: How many processes are killed before the rest spend what is left.
        seed: Of all that is left to chance.
        bounded: Whether calls bound their output.
    """
    chance, begun = random.Random(seed), time.monotonic()
    config = SandboxConfig(prices={MODEL: PRICE}, network=Network(latency=0.02), answer_words=60, seed=seed)
    with SandboxProcess(config) as server:
        plan = Plan(server.url, folder / "quota.sqlite3", dict(budget), bounded=bounded)
        workers = {place: _fork(plan, RUNS[place % 2]) for place in range(_WORKERS)}
        killed = 0
        while workers and killed < kills:
            time.sleep(_LONGEST_LIFE * chance.random() ** 2)
            _reap(workers)
            if workers:
                place = chance.choice(sorted(workers))
                os.kill(workers[place], signal.SIGKILL)
                os.waitpid(workers[place], 0)
                workers[place] = _fork(plan, RUNS[place % 2])
                killed += 1
        for worker in workers.values():
            _, status = os.waitpid(worker, 0)
            assert status == 0, "a worker failed"
        report = _billed(server.report().requests)
    report.spent = _spent(folder / "quota.sqlite3")
    report.kills, report.seconds = killed, time.monotonic() - begun
    return report


def _billed(requests: Any) -> Report:
    by_run: dict[str, Decimal] = defaultdict(Decimal)
    by_agent: dict[str, Decimal] = defaultdict(Decimal)
    keys = [f"{name}.a{number}" for name in RUNS for number in range(AGENTS)]
    marks = {hashlib.sha256(key.encode()).hexdigest()[:12]: key for key in keys}  # as the server keeps them
    for request in requests:
        key = marks[request.project]
        by_run[key.partition(".")[0]] += request.cost
        by_agent[key] += request.cost
    return Report(
        sum(bool(request.cost) for request in requests),
        int(sum(by_run.values())),
        {name: int(cost) for name, cost in by_run.items()},
        {name: int(cost) for name, cost in by_agent.items()},
        int(max((request.cost for request in requests), default=Decimal(0))),
    )


def _spent(path: Path) -> dict[str, int]:
    """What the books say, by the names of the report."""
    views = {view.pool: view for view in view_file(path).pools}

    def of(pool: Pool) -> int:
        view = views.get(pool)
        return next((row.used for row in view.limits if row.limit.kind == SPENT), 0) if view else 0

    found = {"day": of(Pool(SHARED, "all"))}
    for name in RUNS:
        found[name] = of(Pool(run_domain(name), "run"))
        for pool in views:
            if pool.domain == run_domain(name) and pool.name.startswith("agent "):
                found[f"{name}.{pool.name.removeprefix('agent ')}"] = of(pool)
    return found


def _fork(plan: Plan, run_name: str) -> int:
    child = os.fork()
    if child == 0:
        try:
            live(plan, run_name)
        except BaseException:  # it must not come back into its parent's code
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return child


def _reap(workers: dict[int, int]) -> None:
    """Forget the workers whose agents are all refused."""
    for place, worker in list(workers.items()):
        found, status = os.waitpid(worker, os.WNOHANG)
        if found:
            assert status == 0, "a worker failed"
            del workers[place]
