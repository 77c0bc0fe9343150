"""Teams of programs, without limits and with: python tests/e2e/cli_table.py [REQUESTS SECONDS] [TEAM ...].

Two agents of each program, and a mixed team. The sandbox allows ten requests in any minute, or as many as you
say: on a machine so busy that the programs are slower than that, a shorter window binds. Each agent uses a
tool twice in each turn, so a turn is three requests. "Quota": the time that the quota demands for the calls
that were let in. A run is one of the real MassGen and of the real programs; a row takes one to three minutes.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from teams import TEAMS, Outcome

USUAL = (10, 60)
_HEAD = ("team", "limits", "requests", "refused", "took", "quota", "final answer")
_SHOWN = 60


def row(name: str, outcome: Outcome, *, on: bool) -> str:
    """One run as a line."""
    shown = re.sub(r"\s+", " ", outcome.final)[:_SHOWN] or "none"
    took = f"{outcome.took:.1f} s" if outcome.took is not None else "not completed"
    counted = (outcome.report.arrived, outcome.report.refused)
    cells = (name, "with" if on else "without", *counted, took, f"{outcome.demanded:.1f} s", shown)
    return f"| {' | '.join(map(str, cells))} |"


def main(arguments: list[str]) -> None:
    """Print the table, row by row."""
    numbers = [int(each) for each in arguments if each.isdigit()]
    requests, seconds = numbers or USUAL
    sys.stdout.write(f"{requests} requests in {seconds} s\n\n")
    sys.stdout.write(f"| {' | '.join(_HEAD)} |\n|{' --- |' * len(_HEAD)}\n")
    for name in [each for each in arguments if not each.isdigit()] or TEAMS:
        for on in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                outcome = TEAMS[name].run(Path(folder), requests, seconds, on=on, measured=True)
                sys.stdout.write(row(name, outcome, on=on) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
