"""A provider in virtual time, and clients that always want more: what the server sees is what counts."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field

from massgen_plugins.testing.virtual_time import VirtualClock
from tests.benchmarks.peers.base import Peer

__all__ = ["Latency", "Seen", "Server", "drive", "worst_window"]


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds between admission and the server's count, and from there to the answer's headers."""

    uplink: tuple[float, float] = (0.0, 0.15)
    headers: tuple[float, float] = (0.02, 0.3)

    @property
    def mean(self) -> float:
        """Mean seconds from admission to headers: L in W / (W + L)."""
        return (sum(self.uplink) + sum(self.headers)) / 2


@dataclass(slots=True)
class Server:
    """Allows ``amount`` in every window of ``seconds``, counts on arrival, refuses what does not fit."""

    amount: int
    seconds: float
    arrivals: list[tuple[float, int]] = field(default_factory=list)
    accepted: list[tuple[float, int]] = field(default_factory=list)
    _window: deque[tuple[float, int]] = field(default_factory=deque)
    _used: int = 0

    def ask(self, now: float, weight: int = 1) -> bool:
        """A call arrives; whether it is served."""
        while self._window and self._window[0][0] <= now - self.seconds:
            self._used -= self._window.popleft()[1]
        self.arrivals.append((now, weight))
        if self._used + weight > self.amount:
            return False
        self._used += weight
        self._window.append((now, weight))
        self.accepted.append((now, weight))
        return True


@dataclass(frozen=True, slots=True)
class Seen:
    """What the server saw.

    Attributes:
        utilisation: Share of the limit that was served, after the first window.
        refusals: Share of all calls that were refused.
        worst: The most that arrived in any window, in limits.
    """

    utilisation: float
    refusals: float
    worst: float


def worst_window(arrivals: list[tuple[float, int]], seconds: float) -> int:
    """The most that arrived in any span ``[t, t + seconds)``."""
    most = used = first = 0
    for now, weight in arrivals:
        used += weight
        while arrivals[first][0] <= now - seconds:
            used -= arrivals[first][1]
            first += 1
        most = max(most, used)
    return most


def drive(  # noqa: PLR0917 - the whole set-up of an experiment
    clock: VirtualClock, peer: Peer, server: Server, windows: int, clients: int = 50, seed: int = 1
) -> Seen:
    """Let ``clients`` that always want more call the server through a limiter, and say what it saw.

    They begin at any moment of the first window, so that not all windows begin together.
    """
    chance, latency = random.Random(seed), Latency()
    began = clock.seconds()
    end = began + (windows + 1) * server.seconds

    async def client() -> None:
        await asyncio.sleep(chance.uniform(0, server.seconds))
        while clock.seconds() < end:
            held = await peer.acquire()
            peer.written(held)
            await asyncio.sleep(chance.uniform(*latency.uplink))
            server.ask(clock.seconds())
            await asyncio.sleep(chance.uniform(*latency.headers))
            peer.arrived(held)

    async def main() -> None:
        tasks = [asyncio.create_task(client()) for _ in range(clients)]
        await asyncio.sleep(end - began)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    clock.run(main())
    asked = sum(w for _, w in server.arrivals)
    refused = 1 - sum(w for _, w in server.accepted) / max(1, asked)
    worst = worst_window(server.arrivals, server.seconds) / server.amount
    return Seen(_utilisation(server, began + server.seconds), refused, worst)


def _utilisation(server: Server, since: float) -> float:
    """Share of the limit that was served from a moment on, over a whole number of limits.

    Calls come in bursts, a window apart: counting between fixed moments would count one too many or too few.
    """
    served = [at for at, _ in server.accepted if at >= since]
    limits = (len(served) - 1) // server.amount
    if limits < 1:
        return 0.0
    return limits * server.seconds / (served[limits * server.amount] - served[0])
