"""S10: forks while the store is in use: all share, none stalls on an inherited lock, the limit holds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import asyncio, json, os, sys, threading, time, warnings
warnings.simplefilter("ignore")
from pathlib import Path
from massgen_plugins.quota import MINUTE, Domain, Kind, Limit, PoolRules
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.reservation import Ask
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore

LIMIT, CHILDREN = 60, 10
rules = PoolRules((Limit(Kind.REQUESTS, LIMIT, MINUTE),), cooldown_mode="off", max_wait=1)
said = []
limiter = Limiter(SqliteStore(Path(sys.argv[1]), said.append), lambda _: rules, report=said.append)
domain = limiter.domain(Domain("gemini", "project"))

async def take(count):
    granted = 0
    for _ in range(count):
        try:
            call = await domain.acquire(Ask(("model",), {Kind.REQUESTS: 1}, await domain.tick()))
        except Exception:
            continue
        granted += 1
        call.written(); call.answered(); call.settle({}); call.finished()
    return granted

def busy(results):
    results.append(asyncio.run(take(20)))

def child(pipe):
    begun = time.monotonic()
    granted = asyncio.run(take(8))
    limiter.flush()
    os.write(pipe, json.dumps([granted, time.monotonic() - begun, said]).encode() + b"\\n")
    os._exit(0)

read, write = os.pipe()
results, children = [], []
threads = [threading.Thread(target=busy, args=(results,)) for _ in range(2)]
for thread in threads: thread.start()
for number in range(CHILDREN):
    pid = os.fork()
    if pid == 0: child(write)
    children.append(pid)
    time.sleep(0.005)
for thread in threads: thread.join()
for pid in children: os.waitpid(pid, 0)
limiter.flush()
os.close(write)
rows = [json.loads(line) for line in os.fdopen(read)]
print(json.dumps({"parent": sum(results), "rows": rows, "said": said}))
"""


def test_forks_while_in_use_share_the_quota(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "quota.sqlite3")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(told["rows"]) == 10
    assert told["parent"] + sum(granted for granted, _, _ in told["rows"]) == 60
    assert max(seconds for _, seconds, _ in told["rows"]) < 5
    assert not [*told["said"], *(line for _, _, said in told["rows"] for line in said)]
