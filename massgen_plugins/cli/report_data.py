"""The data of a report: a run's calls by agent, and the use of its limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from massgen_plugins.quota import NANOSECONDS, Bucket, Domain, Kind, Limit, Pool, Sliding

if TYPE_CHECKING:
    from massgen_plugins.calls.rows import CallRow, RunRow, Totals
    from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["AgentCalls", "LimitUse", "RunReport", "agents_of", "limit_uses"]


@dataclass(frozen=True, slots=True)
class AgentCalls:
    """The calls of an agent, in order of sending.

    Attributes:
        name: The agent's name; "" outside of any agent's turn.
        calls: Its calls.
    """

    name: str
    calls: Sequence[CallRow]

    @property
    def waited(self) -> float:
        """Total seconds of waiting."""
        return sum(call.waited for call in self.calls)


@dataclass(frozen=True, slots=True)
class LimitUse:
    """The use of a limit over time, from the record.

    Attributes:
        pool: Its pool.
        limit: The limit, with its current amount.
        steps: Pairs of time (seconds since the epoch) and amount used from then on.
    """

    pool: Pool
    limit: Limit
    steps: Sequence[tuple[float, int]]

    @property
    def most(self) -> int:
        """The maximum use."""
        return max((used for _, used in self.steps), default=0)


@dataclass(frozen=True, slots=True)
class RunReport:
    """The data of a run.

    Attributes:
        run: Its name, file and start.
        agents: Its agents, sorted by name.
        uses: Its limits.
        totals: The sums.
    """

    run: RunRow
    agents: Sequence[AgentCalls]
    uses: Sequence[LimitUse]
    totals: Totals

    @property
    def calls(self) -> list[CallRow]:
        """All calls, in order of sending."""
        return sorted((call for agent in self.agents for call in agent.calls), key=lambda call: call.time)

    @property
    def begins(self) -> float:
        """When the first call was requested."""
        return min(call.time - call.waited for agent in self.agents for call in agent.calls)

    @property
    def ends(self) -> float:
        """When the last answer was complete."""
        last = max(call.time + call.seconds for agent in self.agents for call in agent.calls)
        return max(last, self.begins + 1)


def agents_of(calls: Sequence[CallRow]) -> list[AgentCalls]:
    """Calls by agent, those without an agent last."""
    names = sorted({call.agent for call in calls}, key=lambda name: (not name, name))
    return [AgentCalls(name, [call for call in calls if call.agent == name]) for name in names]


def limit_uses(calls: Sequence[CallRow], pools: Sequence[PoolView]) -> list[LimitUse]:
    """The use of each sliding limit of the pools that were called."""
    called: dict[Pool, list[CallRow]] = {}
    for call in calls:
        pool = Pool(Domain(call.provider, call.account, call.endpoint), call.model)
        called.setdefault(pool, []).append(call)
    uses = []
    for view in pools:
        for row in view.limits:
            window = row.limit.window
            if view.pool in called and isinstance(window, Sliding | Bucket):
                steps = _steps(called[view.pool], row.limit.kind, window.length / NANOSECONDS)
                if steps:
                    uses.append(LimitUse(view.pool, Limit(row.limit.kind, row.cap, window), steps))
    return uses


def _steps(calls: Sequence[CallRow], kind: str, length: float) -> list[tuple[float, int]]:
    changes: dict[float, int] = {}
    for call in calls:
        amount = _amounts(call).get(kind, 0)
        if amount and call.attempt:
            changes[call.time] = changes.get(call.time, 0) + amount
            changes[call.time + length] = changes.get(call.time + length, 0) - amount
    used, steps = 0, []
    for moment in sorted(changes):
        used += changes[moment]
        steps.append((moment, used))
    return steps


def _amounts(call: CallRow) -> Mapping[str, int]:
    tokens = call.tokens
    if tokens is None:
        return {Kind.REQUESTS: 1}
    return {
        Kind.REQUESTS: 1,
        Kind.INPUT_TOKENS: tokens.input,
        Kind.OUTPUT_TOKENS: tokens.output,
        Kind.TOTAL_TOKENS: tokens.input + tokens.output,
    }
