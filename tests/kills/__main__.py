"""``python -m tests.kills --kills 1000``: processes killed at random instants, and a report."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.kills.run import Report, run


def main() -> int:
    """Returns 1 if anything is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="how many; %(default)s unless told")
    parser.add_argument("--seed", type=int, default=1, help="of all that is left to chance")
    parser.add_argument(
        "--window", type=int, default=5, help="seconds, of the limit; %(default)s unless told"
    )
    asked = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        report = run(Path(folder), asked.kills, asked.seed, asked.window)
    console.print(_table(report))
    return int(not report.passed)


def _table(report: Report) -> Table:
    table = Table(title=f"{report.kills} kills in {report.seconds:.0f} s")
    table.add_column("what")
    table.add_column("figure", justify="right")
    rows = {
        "calls served": f"{report.served}",
        "fullest window, of its limit": f"{report.fullest:.2f}",
        f"longest stall, of a window of {report.window} s": f"{report.longest_stall:.2f} s",
        "the file": report.intact,
        "files set aside as damaged": f"{report.set_aside}",
    }
    for what, figure in rows.items():
        table.add_row(what, figure)
    return table


if __name__ == "__main__":
    sys.exit(main())
