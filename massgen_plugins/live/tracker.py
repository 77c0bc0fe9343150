"""Tracks this process's waiting calls and counters from its events. Reads no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from massgen_plugins.events import (
    CallAdmitted,
    CallGivenUp,
    CallSettled,
    CallTurnedAway,
    CallWaits,
    Event,
)
from massgen_plugins.live.presence import Counters, WaitingCall
from massgen_plugins.quota import Pool

__all__ = ["NOTHING", "AgentUse", "Change", "PoolUse", "Tracker"]


@dataclass(frozen=True, slots=True)
class Change:
    """The change caused by an event.

    Attributes:
        began: A wait that has begun, or whose estimate has changed.
        ended: A wait that has ended.
        waited: Seconds of the ended wait; None if the call was not admitted.
        again: Whether ``began`` updates a known wait.
        message: The limiter's sentence about ``began``.
    """

    began: WaitingCall | None = None
    ended: WaitingCall | None = None
    waited: float | None = None
    again: bool = False
    message: str = ""


NOTHING = Change()
"""The result for events that affect no wait."""


@dataclass(slots=True)
class PoolUse:
    """One run's usage of one pool.

    Attributes:
        calls: Attempts that were sent.
        amounts: Reported usage, by kind.
        cost: Millionths of a US dollar, as far as the provider reports it.
        unpriced: Answers without a reported cost.
    """

    calls: int = 0
    amounts: dict[str, int] = field(default_factory=dict)
    cost: float = 0
    unpriced: int = 0


@dataclass(slots=True)
class AgentUse:
    """One agent's calls in a run.

    Attributes:
        calls: Attempts that were sent.
        waited: Total seconds of their waits.
        longest: Seconds of the longest wait.
    """

    calls: int = 0
    waited: float = 0.0
    longest: float = 0.0


@dataclass(slots=True)
class _Counts:
    """Mutable counters of one run; ``somebody`` is the time during which at least one call waited."""

    calls: int = 0
    answered: int = 0
    refused: int = 0
    turned_away: int = 0
    waits: int = 0
    waited: float = 0.0
    longest: float = 0.0
    somebody: float = 0.0
    waiting: int = 0
    since: float = 0.0
    ended: float = 0.0
    pools: dict[Pool, PoolUse] = field(default_factory=dict)
    agents: dict[str, AgentUse] = field(default_factory=dict)


class Tracker:
    """Processes every event of a process. Not thread-safe."""

    def __init__(self) -> None:
        self._waiting: dict[int, WaitingCall] = {}
        self._runs: dict[str, _Counts] = {}

    def note(self, event: Event, now: float) -> Change:
        """Process an event.

        Args:
            event: The event.
            now: Its time, in seconds since the epoch.
        """
        if isinstance(event, CallAdmitted):
            self._admitted(event, now)
            return self._ended(event.call, event.waited, now)
        if isinstance(event, CallSettled):
            self._settled(event, now)
        elif isinstance(event, CallWaits):
            return self._begun(event, now)
        elif isinstance(event, CallTurnedAway | CallGivenUp):
            self._of(event.run).turned_away += isinstance(event, CallTurnedAway)
            return self._ended(event.call, None, now)
        return NOTHING

    def counters(self, run: str | None = None) -> Counters:
        """The counters of one run, or of all."""
        rows = [self._of(run)] if run is not None else list(self._runs.values())
        return Counters(
            sum(each.calls for each in rows),
            sum(each.answered for each in rows),
            sum(each.refused for each in rows),
            sum(each.turned_away for each in rows),
            sum(each.waits for each in rows),
            sum(each.waited for each in rows),
            max((each.longest for each in rows), default=0.0),
            sum(each.somebody for each in rows),
        )

    def pools(self, run: str) -> Mapping[Pool, PoolUse]:
        """A run's usage, by the own pools of its models."""
        return self._of(run).pools

    def agents(self, run: str) -> Mapping[str, AgentUse]:
        """The calls of a run's agents; "" stands for calls outside of any agent's stream."""
        return self._of(run).agents

    def ended(self, run: str) -> float:
        """Time of the last event of a run, in seconds since the epoch; 0 if there was none."""
        return self._of(run).ended

    def waiting(self) -> tuple[WaitingCall, ...]:
        """The waiting calls in their expected order of admission, each with its current place.

        Calls for the same pool are admitted in order of arrival, even if a later one has an earlier estimate.
        """
        rows = sorted(self._waiting.values(), key=lambda each: (each.since, each.call))
        last: dict[tuple[str, ...], WaitingCall] = {}
        placed = []
        for row in rows:
            pool = row.provider, row.account, row.endpoint, row.model
            before = last.get(pool)
            place, until = (before.place, before.until) if before is not None else (0, row.until)
            last[pool] = replace(row, place=place + 1, until=max(row.until, until))
            placed.append(last[pool])
        return tuple(sorted(placed, key=lambda each: (each.until, each.since, each.call)))

    def _of(self, run: str) -> _Counts:
        return self._runs.setdefault(run, _Counts())

    def _admitted(self, event: CallAdmitted, now: float) -> None:
        counts: _Counts = self._of(event.run)
        counts.calls += 1
        counts.waited += event.waited
        counts.longest = max(counts.longest, event.waited)
        counts.ended = now
        counts.pools.setdefault(event.pool, PoolUse()).calls += 1
        agent = counts.agents.setdefault(event.agent_id or "", AgentUse())
        agent.calls += 1
        agent.waited += event.waited
        agent.longest = max(agent.longest, event.waited)

    def _settled(self, event: CallSettled, now: float) -> None:
        counts = self._of(event.run)
        counts.answered += event.outcome == "answered"
        counts.refused += event.outcome == "refused"
        counts.ended = now
        use = counts.pools.setdefault(event.pool, PoolUse())
        for kind, amount in event.amounts.items():
            use.amounts[kind] = use.amounts.get(kind, 0) + amount
        use.cost += event.cost or 0
        use.unpriced += event.cost is None and event.outcome == "answered"

    def _begun(self, event: CallWaits, now: float) -> Change:
        known = self._waiting.get(event.call)
        if known is None:
            counts = self._of(event.run)
            counts.waits += 1
            counts.since = counts.since if counts.waiting else now
            counts.waiting += 1
        domain = event.pool.domain
        made = WaitingCall(
            event.call,
            event.run,
            event.agent_id or "",
            event.pool.name,
            domain.provider,
            domain.account,
            domain.endpoint,
            now if known is None else known.since,
            now + event.seconds,
            event.place + 1,
            event.limit,
            event.reason,
        )
        self._waiting[event.call] = made
        return Change(began=made, again=known is not None, message=event.message)

    def _ended(self, call: int, waited: float | None, now: float) -> Change:
        known = self._waiting.pop(call, None)
        if known is None:
            return NOTHING
        counts = self._of(known.run)
        counts.waiting -= 1
        counts.ended = max(counts.ended, now)
        if not counts.waiting:
            counts.somebody += max(0.0, now - counts.since)
        return Change(ended=known, waited=waited)
