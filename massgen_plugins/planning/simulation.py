"""Simulates a team's calls with the real limiter on virtual time: hours pass in milliseconds."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from massgen_plugins.errors import CallRefused
from massgen_plugins.planning.team import PlannedAgent
from massgen_plugins.quota import NANOSECONDS, Amounts, Domain, Kind, Pool, PoolRules
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.reservation import NORMAL, Ask
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.worker import AtOnce
from massgen_plugins.rate_limit.waiter import WaitInfo
from massgen_plugins.testing.virtual_time import VirtualClock, virtual_time

__all__ = ["CallShape", "Simulated", "simulate"]

_RUN = "plan"


@dataclass(frozen=True, slots=True)
class CallShape:
    """Timing and usage of a call.

    Attributes:
        first_byte: Seconds until its headers arrive.
        seconds: Seconds until its answer is complete.
        amounts: Usage by kind, in addition to one request.
    """

    first_byte: float
    seconds: float
    amounts: Amounts = field(default_factory=dict)


@dataclass(slots=True)
class Simulated:
    """Result of a simulation.

    Attributes:
        calls: Number of calls made.
        seconds: Total duration.
        longest_wait: Longest wait of a call, in seconds.
        waited: Total waits of all calls, in seconds.
        limits: Number of waits by limit.
        refused: Why a call was turned away; empty if none was.
    """

    calls: int = 0
    seconds: float = 0.0
    longest_wait: float = 0.0
    waited: float = 0.0
    limits: Counter[str] = field(default_factory=Counter)
    refused: str = ""


def simulate(
    turns: Mapping[PlannedAgent, int],
    finals: Sequence[PlannedAgent],
    shapes: Mapping[str, CallShape],
    rules: Mapping[tuple[Domain, str], PoolRules],
) -> Simulated:
    """Simulate the calls of all agents concurrently, then those of ``finals`` one by one.

    Args:
        turns: Number of calls by agent.
        finals: Agents that make a final call after all others.
        shapes: Shape of a call by model.
        rules: Rules by pool; nothing is used up at the start.
    """
    with virtual_time() as clock:
        return clock.run(_Play(clock, shapes, rules).run(turns, finals))


class _Play:
    """One simulation."""

    def __init__(
        self,
        clock: VirtualClock,
        shapes: Mapping[str, CallShape],
        rules: Mapping[tuple[Domain, str], PoolRules],
    ) -> None:
        self.result = Simulated()
        self._clock = clock
        self._shapes = shapes
        epoch = time.time_ns() - clock.tick()
        self._store = MemoryStore(clock.tick, lambda: epoch + clock.tick())
        self._limiter = Limiter(self._store, lambda pool: _rule(rules, pool), self._waits, worker=AtOnce())

    async def run(self, turns: Mapping[PlannedAgent, int], finals: Sequence[PlannedAgent]) -> Simulated:
        begun = self._clock.tick()
        try:
            async with asyncio.TaskGroup() as group:
                for agent, count in turns.items():
                    group.create_task(self._turns(agent, count))
            for agent in finals:
                await self._call(agent)
        except* CallRefused as refusals:
            self.result.refused = str(refusals.exceptions[0])
        self.result.seconds = (self._clock.tick() - begun) / NANOSECONDS
        return self.result

    async def _turns(self, agent: PlannedAgent, count: int) -> None:
        for _ in range(count):
            await self._call(agent)

    async def _call(self, agent: PlannedAgent) -> None:
        shape = self._shapes[agent.model]
        limiter = self._limiter.domain(agent.domain)
        arrival = self._store.tick()
        amounts = {Kind.REQUESTS: 1, Kind.CONCURRENT: 1, **shape.amounts}
        ask = Ask(agent.pools, amounts, arrival, NORMAL, run=_RUN, agent_id=agent.name, call=object())
        call = await limiter.acquire(ask)
        waited = (self._store.tick() - arrival) / NANOSECONDS
        self.result.calls += 1
        self.result.waited += waited
        self.result.longest_wait = max(self.result.longest_wait, waited)
        await asyncio.sleep(shape.first_byte)
        call.answered()
        limiter.ended(ask, answered=True)
        await asyncio.sleep(max(0.0, shape.seconds - shape.first_byte))
        call.finished()

    def _waits(self, wait: WaitInfo) -> None:
        if wait.blocker.limit is not None:
            self.result.limits[str(wait.blocker.limit)] += 1


def _rule(rules: Mapping[tuple[Domain, str], PoolRules], pool: Pool) -> PoolRules | None:
    return rules.get((pool.domain, pool.name))
