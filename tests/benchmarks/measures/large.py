"""One request for 80 % of the limit, among 100 that want 1 % each and never stop. In virtual time."""

from __future__ import annotations

import asyncio

from massgen_plugins.testing.virtual_time import VirtualClock
from tests.benchmarks import peers
from tests.benchmarks.figures import Effort, Figure
from tests.benchmarks.peers import Peer
from tests.benchmarks.virtual import simulation

WHAT = "80 % request among 100 small ones"
AMOUNT, LARGE, SMALL, ARRIVES = 100, 80, 100, 1.5
PATIENCE = 20
"""Windows after which it counts as starved."""


def measure(effort: Effort) -> list[Figure]:
    """Windows from its arrival to its grant; exact, since time is virtual."""
    del effort
    figures = []
    for kind in peers.find():
        if kind.weighs:
            with simulation() as clock:
                peer = kind(AMOUNT, 1.0)
                waited = clock.run(_run(peer, clock))
                peer.close()
            note = "starved" if waited >= PATIENCE else ""
            figures.append(Figure(WHAT, kind.name, waited, "windows", 2.0 if kind.ours else None, note=note))
    return figures


async def _run(peer: Peer, clock: VirtualClock) -> float:
    async def small() -> None:
        while True:
            peer.arrived(await peer.acquire(1))
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(small()) for _ in range(SMALL)]
    await asyncio.sleep(ARRIVES)
    began = clock.seconds()
    try:
        async with asyncio.timeout(PATIENCE):
            await peer.acquire(LARGE)
    except TimeoutError:
        pass
    waited = clock.seconds() - began
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return waited
