"""One process of many: started by :mod:`crowd`, told what to do as JSON, answers as JSON.

It says when it is ready, and begins at the moment that it is told then.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from importlib import import_module
from typing import Any

from tests.benchmarks.peers import Peer

Job = dict[str, Any]


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
    await asyncio.sleep(max(0.0, job["start"] - time.monotonic()))
    used = time.process_time()
    answer = await role(peer, job)
    answer["cpu"] = time.process_time() - used
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


async def _paced(peer: Peer, job: Job) -> Job:
    """Calls at random moments, far within the limit: what does the limiter add to each?"""
    chance, added, calls = random.Random(job["number"]), [], set()

    async def call() -> None:
        began = time.perf_counter()
        held = await peer.acquire()
        added.append(time.perf_counter() - began)
        await asyncio.sleep(0.02)
        peer.arrived(held)
        peer.done(held)

    while time.monotonic() < job["until"]:
        calls.add(task := asyncio.create_task(call()))
        task.add_done_callback(calls.discard)
        await asyncio.sleep(chance.expovariate(job["rate"]))
    await asyncio.gather(*calls)
    return {"added": added}


if __name__ == "__main__":
    main()
