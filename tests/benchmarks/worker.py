"""One process of many: started by :mod:`crowd`, told what to do as JSON, answers as JSON.

It says when it is ready, and begins at the moment that it is told then.
"""

from __future__ import annotations

import asyncio
import faulthandler
import json
import random
import sys
import time
from importlib import import_module
from typing import Any

from tests.benchmarks.peers import Peer

Job = dict[str, Any]

_PATIENCE = 15.0
"""Seconds after its work within which a process must have ended."""


def main() -> None:
    job: Job = json.loads(sys.argv[1])
    module, _, name = job["peer"].partition(":")
    kind: type[Peer] = getattr(import_module(module), name)
    role = {"greedy": _greedy, "paced": _paced}[job["role"]]
    answer = asyncio.run(_timed(role, kind(job["amount"], job["seconds"], job["where"]), job))
    sys.stdout.write(json.dumps(answer) + "\n")


async def _timed(role: Any, peer: Peer, job: Job) -> Job:
    await peer.ready()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    job |= json.loads(sys.stdin.readline())
    # Says where it hangs; whoever started it shows that.
    faulthandler.dump_traceback_later(job["until"] - time.monotonic() + _PATIENCE, exit=True)
    await asyncio.sleep(max(0.0, job["start"] - time.monotonic()))
    used = time.process_time()
    answer = await role(peer, job)
    answer.setdefault("cpu", time.process_time() - used)
    peer.close()
    return answer


async def _greedy(peer: Peer, job: Job) -> Job:
    """Tasks that always want more, with a provider's latency or none."""
    chance, grants, arrivals = random.Random(job["number"]), [], []

    async def ask() -> None:
        while time.monotonic() < job["until"]:
            held = await peer.acquire()
            peer.written(held)
            grants.append(time.monotonic())
            if job["uplink"]:
                uplink = chance.uniform(0, job["uplink"])
                arrivals.append(grants[-1] + uplink)
                await asyncio.sleep(uplink + chance.uniform(0.02, 0.1))
            peer.arrived(held)

    tasks = [asyncio.create_task(ask()) for _ in range(job["tasks"])]
    await asyncio.sleep(job["until"] - time.monotonic())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {"grants": grants, "arrivals": arrivals or grants}


class _Free(Peer):
    """Limits nothing: what calls take by themselves."""

    def __init__(self) -> None:
        """There is nothing to be made."""

    async def acquire(self, weight: int = 1) -> None:
        """Leave at once."""


async def _paced(peer: Peer, job: Job) -> Job:
    """Calls at random moments, far within the limit: what does the limiter add to each?

    The last third of the time goes without it.
    """
    without = job["until"] - (job["until"] - job["start"]) / 3
    added, cpu = await _calls(peer, job, without)
    free, idle = await _calls(_Free(), job, job["until"])
    return {"added": added, "cpu": cpu - idle * len(added) / max(1, len(free))}


async def _calls(peer: Peer, job: Job, until: float) -> tuple[list[float], float]:
    """How long each call waited, and processor time for all of them."""
    chance, used = random.Random(job["number"]), time.process_time()
    added: list[float] = []
    calls = set()

    async def call() -> None:
        began = time.perf_counter()
        held = await peer.acquire()
        added.append(time.perf_counter() - began)
        peer.written(held)
        await asyncio.sleep(0.02)
        peer.arrived(held)
        peer.done(held)

    while time.monotonic() < until:
        calls.add(task := asyncio.create_task(call()))
        task.add_done_callback(calls.discard)
        await asyncio.sleep(chance.expovariate(job["rate"]))
    await asyncio.gather(*calls)
    return added, time.process_time() - used


if __name__ == "__main__":
    main()
