"""S16: what happens to the files beside the store ends no process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import os, sys
from pathlib import Path
from tests.faults.bed import LIMIT, bed, limits
from tests.faults.server import CountingServer
store = Path(sys.argv[1])
with CountingServer() as server, bed(server, limits(store)) as process:
    process.calls(2)
    for suffix in sys.argv[2].split(","):
        side = store.with_name(store.name + suffix)
        if side.exists():
            os.truncate(side, 0)
    process.calls(4 * LIMIT)
    print(server.arrived)
"""


@pytest.mark.parametrize("suffixes", ["-wal", ".lock", ""])
def test_a_truncated_file_ends_no_process_and_lifts_no_limit(tmp_path: Path, suffixes: str) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "quota.sqlite3"), suffixes]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split()[-1] == "5"
