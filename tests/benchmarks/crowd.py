"""Runs :mod:`worker` in several processes that begin at the same moment."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.peers import Peer

__all__ = ["run"]

ROOT = Path(__file__).parents[2]
_SOON = 0.1
"""Seconds from the word to the start: time enough for the word to reach all."""


def run(kind: type[Peer], where: str, processes: int, lasts: float, **job: Any) -> list[dict[str, Any]]:
    """What each process answered.

    Args:
        kind: The limiter, one that can be shared.
        where: Its file or server.
        processes: How many.
        lasts: For how many seconds they work.
        job: The rest of what :mod:`worker` wants to know.
    """
    job |= {"peer": f"{kind.__module__}:{kind.__name__}", "where": where}
    crowd = [_started(job | {"number": number}) for number in range(processes)]
    try:
        for process in crowd:
            _line(process)  # it is ready
        start = time.monotonic() + _SOON
        for process in crowd:
            _say(process, {"start": start, "until": start + lasts})
        return [json.loads(_line(process)) for process in crowd]
    finally:
        for process in crowd:
            process.kill()
            process.communicate()


def _started(job: dict[str, Any]) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.worker", json.dumps(job)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        assert process.stderr
        raise RuntimeError(f"a process failed: {process.stderr.read().strip()[-2000:]}")
    return line


def _say(process: subprocess.Popen[str], words: dict[str, Any]) -> None:
    assert process.stdin
    process.stdin.write(json.dumps(words) + "\n")
    process.stdin.flush()
