"""A few calls and kills; ``python -m tests.bills`` makes a thousand and more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "how",
    [
        ("--kills", "0"),  # the books say what the bill says, to the micro-dollar
        ("--kills", "8"),
        ("--kills", "0", "--unbounded", "--dollars", "0.3"),
    ],
    ids=["undisturbed", "killed", "unbounded"],
)
def test_no_bill_is_above_its_budget(how: tuple[str, ...]) -> None:
    """In a process of its own, since one that is forked must have no threads."""
    command = [sys.executable, "-m", "tests.bills", "--dollars", "0.1", *how]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
