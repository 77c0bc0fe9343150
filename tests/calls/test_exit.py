"""What ends while the interpreter exits is recorded, too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from massgen_plugins.calls.query import Record

CODE = """
import atexit, sys
from types import SimpleNamespace
sys.path.insert(0, sys.argv[2])
from massgen_plugins.manager import build_manager
from tests.calls.settled import settled
plugins = build_manager(print, with_entry_points=False)
block = {"record": {"keep": True, "file": sys.argv[1], "days": 30, "megabytes": 10}}
plugins.middleware(SimpleNamespace(settings=lambda _: block, emit=print, rules=lambda _: None))
atexit.register(lambda: plugins.event(settled()))  # a gateway starts, and aborts a call when the process ends
plugins.event(settled())  # only then the first call opens the record
"""


def test_a_call_that_is_aborted_at_exit_is_recorded(tmp_path: Path) -> None:
    file = tmp_path / "calls.sqlite3"
    subprocess.run([sys.executable, "-c", CODE, str(file), str(Path(__file__).parents[2])], check=True)
    assert sum(each.calls for each in Record(file).totals(by=("agent",))) == 2
