"""A fleet at work: agents that always want more, a provider that counts, and what came of it."""

from __future__ import annotations

import asyncio
import random
from dataclasses import asdict, dataclass, field
from statistics import mean
from typing import Any

from massgen_plugins.quota import Kind
from massgen_plugins.rate_limit.limiter import DomainLimiter
from massgen_plugins.rate_limit.reservation import Ask
from massgen_plugins.testing.virtual_time import VirtualClock, virtual_time
from tests.benchmarks.fleet.machine import Machine
from tests.benchmarks.fleet.server import Network, Server
from tests.benchmarks.peers.ours import POOLS
from tests.benchmarks.server import Server as Provider
from tests.benchmarks.server import worst_window

__all__ = ["Fleet", "Outcome", "simulate"]

_TOKENS = 1_000
_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """What is simulated.

    Attributes:
        machines: How many share the account.
        rpm: Requests a minute that the provider allows.
        agents: On each machine; they begin at any moment of the first minute.
        minutes: How long it is looked at after the first one.
        network: Between machines and Redis.
        uplink: Seconds, at most, from a machine to the provider's count.
        headers: Seconds from there to the answer's headers, at least and at most.
        body: Seconds from there to the end of the answer, at least and at most.
    """

    machines: int
    rpm: int
    agents: int = 50
    minutes: int = 2
    network: Network = field(default_factory=Network)
    uplink: float = 0.15
    headers: tuple[float, float] = (0.02, 0.3)
    body: tuple[float, float] = (0.5, 8.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it; after the first minute, unless it says otherwise.

    Attributes:
        machines: As in the fleet.
        rpm: As in the fleet.
        trip: Milliseconds from a machine to Redis, one way, in the median.
        utilisation: Share of the limit that the provider served.
        possible: Share that can be served at most without ever being refused: W / (W + L).
        refused: Calls that the provider refused, of all, from the beginning on.
        worst: The most that arrived in any minute, in limits, from the beginning on.
        least: Calls of the machine that got fewest, as a share of the mean.
        most: Of the one that got most.
        fairness: Jain's index of the machines' calls: 1 if all got the same.
        commands: Of Redis a second.
        conflicts: Share of the swaps that came too late, and had to be done again.
        wakes: Wake-ups a second.
        traffic: Bytes to and from Redis a second.
        per_call: Commands for each admitted call.
        service: Microseconds of its processor that a command took, in the mean.
        load: Share of the time in which Redis was busy.
        answer: Milliseconds that 99 % of the commands waited for at most in Redis, their own work included.
    """

    machines: int
    rpm: int
    trip: float
    utilisation: float
    possible: float
    refused: int
    worst: float
    least: float
    most: float
    fairness: float
    commands: float
    conflicts: float
    wakes: float
    traffic: float
    per_call: float
    service: float
    load: float
    answer: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {key: round(value, 6) for key, value in asdict(self).items()}


def simulate(fleet: Fleet, port: int | None, seed: int = 1) -> Outcome:
    """Let a fleet work on virtual time.

    Args:
        fleet: Which.
        port: Of a real Redis, whose data are deleted; None: a model of one.
        seed: Of everything that is random.
    """
    with virtual_time() as clock:
        server = Server(clock, port, fleet.network, seed)
        provider = Provider(fleet.rpm, _MINUTE)
        run = _Run(fleet, clock, server, provider, random.Random(seed))
        clock.run(run.work())
        server.close()
        return run.outcome()


class _Run:
    """One simulation."""

    def __init__(
        self, fleet: Fleet, clock: VirtualClock, server: Server, provider: Provider, chance: random.Random
    ) -> None:
        self._fleet, self._clock, self._server, self._provider = fleet, clock, server, provider
        self._chance = chance
        self._calls = [0] * fleet.machines
        self._headers: list[float] = []
        self._begin = self._end = 0.0

    async def work(self) -> None:
        fleet = self._fleet
        self._begin = self._clock.seconds() + _MINUTE
        self._end = self._begin + fleet.minutes * _MINUTE
        limits = (fleet.rpm, fleet.rpm * _TOKENS, 10**9)
        machines = [
            Machine(self._server, number, self._chance.randrange(10**15), limits)
            for number in range(fleet.machines)
        ]
        agents = [
            asyncio.create_task(self._agent(number, each.domain))
            for number, each in enumerate(machines)
            for _ in range(fleet.agents)
        ]
        await asyncio.sleep(_MINUTE)
        self._server.begin()
        await asyncio.sleep(self._end - self._begin)
        self._seen = self._server.seen
        self._server.begin()
        for agent in agents:
            if agent.done():
                agent.result()  # agents never end, so it raises what went wrong
            agent.cancel()
        await asyncio.gather(*agents, return_exceptions=True)
        for each in machines:
            each.worker.close()

    async def _agent(self, number: int, domain: DomainLimiter) -> None:
        fleet, chance, clock = self._fleet, self._chance, self._clock
        wanted = {Kind.REQUESTS: 1, Kind.INPUT_TOKENS: _TOKENS}
        used = {Kind.INPUT_TOKENS: _TOKENS * 9 // 10}
        await asyncio.sleep(chance.uniform(0, _MINUTE))
        while True:
            call = await domain.acquire(Ask(POOLS, wanted, await domain.tick()))
            call.written()
            left = clock.seconds()
            self._calls[number] += left >= self._begin
            await asyncio.sleep(chance.uniform(0, fleet.uplink))
            self._provider.ask(clock.seconds())
            await asyncio.sleep(chance.uniform(*fleet.headers))
            self._headers.append(clock.seconds() - left)
            call.answered()
            await asyncio.sleep(chance.uniform(*fleet.body))
            call.settle(used)
            call.finished()

    def outcome(self) -> Outcome:
        fleet, provider, seen = self._fleet, self._provider, self._seen
        served = sum(self._begin <= at < self._end for at, _ in provider.accepted)
        calls, seconds = self._calls, fleet.minutes * _MINUTE
        average = max(1e-9, mean(calls))
        queued = sorted(seen.queued)
        return Outcome(
            machines=fleet.machines,
            rpm=fleet.rpm,
            trip=fleet.network.trip * 1000,
            utilisation=served / (fleet.rpm * fleet.minutes),
            possible=_MINUTE / (_MINUTE + mean(self._headers or [0.0])),
            refused=len(provider.arrivals) - len(provider.accepted),
            worst=worst_window(provider.arrivals, _MINUTE) / fleet.rpm,
            least=min(calls) / average,
            most=max(calls) / average,
            fairness=sum(calls) ** 2 / max(1, len(calls) * sum(each * each for each in calls)),
            commands=seen.commands / seconds,
            conflicts=seen.conflicts / max(1, seen.swaps),
            wakes=seen.wakes / seconds,
            traffic=seen.bytes / seconds,
            per_call=seen.commands / max(1, sum(calls)),
            service=seen.busy / max(1, seen.commands) * 1e6,
            load=seen.busy / seconds,
            answer=queued[int(len(queued) * 0.99)] * 1000 if queued else 0.0,
        )
