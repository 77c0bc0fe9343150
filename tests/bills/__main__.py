"""``python -m tests.bills``: a thousand calls, four processes, random kills, the bill beside the budgets."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bills.run import RUNS, Report, run
from tests.bills.worker import AGENTS

_IN_FLIGHT = 4 * AGENTS


def main() -> int:
    """Returns 1 if a budget did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.bills", description=__doc__)
    parser.add_argument("--dollars", type=float, default=1.6, help="for the day; %(default)s unless told")
    parser.add_argument("--kills", type=int, default=40, help="how many; %(default)s unless told")
    parser.add_argument("--seed", type=int, default=1, help="of all that is left to chance")
    parser.add_argument("--unbounded", action="store_true", help="no call bounds its output")
    asked = parser.parse_args()
    day = asked.dollars
    budget = {"day": day, "run": round(0.6 * day, 6), "agents": {"a0": round(0.1 * day, 6)}}
    with tempfile.TemporaryDirectory() as folder:
        report = run(Path(folder), budget, asked.kills, asked.seed, bounded=not asked.unbounded)
    rows = _rows(report, budget)
    Console().print(_table(report, rows))
    allowed = _IN_FLIGHT * report.dearest if asked.unbounded else 0
    held = all(billed <= amount + allowed for _, billed, amount, _ in rows)
    exact = bool(report.kills) or all(billed == spent for _, billed, _, spent in rows)
    return int(not (held and exact and report.calls))


def _rows(report: Report, budget: dict[str, object]) -> list[tuple[str, int, int, int]]:
    """Of each budget its name, what was billed, what was allowed, and what the books say was spent."""
    rows = [("day", report.bill, budget["day"], report.spent["day"])]
    rows += [(name, report.by_run.get(name, 0), budget["run"], report.spent[name]) for name in RUNS]
    for name in RUNS:
        key = f"{name}.a0"
        rows.append((key, report.by_agent.get(key, 0), budget["agents"]["a0"], report.spent.get(key, 0)))
    return [
        (name, billed, int(float(amount) * 1_000_000 + 0.5), spent) for name, billed, amount, spent in rows
    ]


def _table(report: Report, rows: list[tuple[str, int, int, int]]) -> Table:
    title = f"{report.calls} calls, {report.kills} kills in {report.seconds:.0f} s"
    table = Table(title=title)
    for column in ("budget", "billed", "allowed", "spent by the books"):
        table.add_column(column, justify="left" if column == "budget" else "right")
    for name, *figures in rows:
        table.add_row(name, *(f"{figure / 1e6:.6f}" for figure in figures))
    return table


if __name__ == "__main__":
    sys.exit(main())
