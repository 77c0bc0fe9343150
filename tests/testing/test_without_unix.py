"""Memory and SQLite keep the contract where a system has no modules and names of Unix, as on Windows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import asyncio, os, sys, time
sys.modules["fcntl"] = None
for name in ("O_CLOEXEC", "O_NONBLOCK", "register_at_fork", "fork"):
    os.__dict__.pop(name, None)
for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC", "clock_gettime_ns"):
    time.__dict__.pop(name, None)
from pathlib import Path
from massgen_plugins.rate_limit.stores.boot_clock import boot_identity, boot_tick
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from massgen_plugins.testing.contract import CHECKS, Stand
assert boot_tick() and boot_identity() is not None
now = 10**15
def advance(seconds):
    global now
    now += int(seconds * 1e9)
def wall():
    return 1_790_000_000 * 10**9 + now - 10**15
for number, check in enumerate(CHECKS):
    path = Path(sys.argv[1], f"{number}.sqlite3")
    for store in (
        MemoryStore(lambda: now, wall, shared=True),
        SqliteStore(path, since_boot=lambda: now, boot=lambda: "b", wall=wall),
    ):
        check(Stand(store, advance))
        store.close()
print(len(CHECKS), "checks")
"""


def test_memory_and_sqlite_keep_the_contract_without_modules_of_unix(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(" checks\n")
