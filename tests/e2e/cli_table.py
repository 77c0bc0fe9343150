"""Two agents of each program, without and with limits: python tests/e2e/cli_table.py [NAME ...]."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import programs
from harness import QUESTION
from programs import PROGRAMS

from massgen_plugins.sandbox import SandboxProcess
from massgen_plugins.sandbox.schedule import quickest

ASKED = f"{QUESTION}\nSANDBOX: write new_answer vote"
REQUESTS = 2
programs.SECONDS = 20
_SHOWN = 60


def row(name: str, folder: Path, *, on: bool) -> str:
    """One run as a line."""
    program = PROGRAMS[name]
    with SandboxProcess(program.config(REQUESTS)) as server, program.user(folder, server.url) as user:
        block = {**program.declare(user, REQUESTS), "gateway": "plans"}
        result = user.run(program.team(2, switch=on, rate_limit=block), question=ASKED)
        report = server.report()
    answers = [text for file, text in result.answers.items() if "final" in file]
    shown = re.sub(r"\s+", " ", next(iter(answers), "no answer"))[:_SHOWN]
    finished = re.search(r"^COMPLETED: \d+ agents, ([\d.]+)s", result.stdout, re.MULTILINE)
    took = f"{finished[1]} s" if finished else "not completed"
    needed = f"{quickest(report).seconds:.1f} s"
    cells = (
        f"`{name}`",
        "with" if on else "without",
        len(report.requests),
        report.refused,
        took,
        needed,
        shown,
    )
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    """Print the table, row by row."""
    sys.stdout.write(f"{REQUESTS} requests in {programs.SECONDS} s\n")
    for name in sys.argv[1:] or [name for name in PROGRAMS if name != "copilot"]:
        for on in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                sys.stdout.write(row(name, Path(folder), on=on) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
