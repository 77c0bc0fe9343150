"""A few kills; ``python -m tests.kills`` does a thousand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_killed_processes_neither_free_nor_block_quota_nor_damage_the_file() -> None:
    """In a process of its own, since one that is forked must have no threads."""
    command = [sys.executable, "-m", "tests.kills", "--kills", "20", "--window", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
