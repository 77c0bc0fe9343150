"""``python -m tests.soak``: mixed load over four processes, with faults, and a report."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.soak.run import Report, soak


def main() -> int:
    """Returns 1 if anything was refused, or anything is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="how long; %(default)s unless told")
    parser.add_argument("--seed", type=int, default=1, help="of all that is left to chance")
    asked = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder, console.status("beginning") as status:
        report = soak(Path(folder), asked.seconds, asked.seed, status.update)
    console.print(_table(report))
    return int(bool(report.refused) or report.fullest > 1 or report.intact != "ok")


def _table(report: Report) -> Table:
    table = Table(title=f"{report.seconds:.0f} s of soak")
    table.add_column("what")
    table.add_column("figure", justify="right")
    rows = {
        "served": f"{report.served}",
        "refused": f"{report.refused}",
        "fullest window, of its limit": f"{report.fullest:.2f}",
        "requests used, of what the quota allows": f"{report.used:.0%}",
        "longest time without a call": f"{report.longest_gap:.1f} s",
        **{f"fault: {name}": str(count) for name, count in sorted(report.faults.items())},
        "the file": report.intact,
    }
    for what, figure in rows.items():
        table.add_row(what, figure)
    for line in sorted(set(report.said)):
        table.add_row(line, str(report.said.count(line)))
    return table


if __name__ == "__main__":
    sys.exit(main())
