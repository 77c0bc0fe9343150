"""Decides for the waiters of one process, in order: the body of a transaction. It never waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from massgen_plugins.rate_limit.book import amounts_of
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.startup import Startups
from massgen_plugins.rate_limit.stores.base import Store
from massgen_plugins.rate_limit.tickets import PATIENCE
from massgen_plugins.rate_limit.verdict import Reason, Verdict, Wait
from massgen_plugins.rate_limit.waiter import Supervisor, Waiter

__all__ = ["Admission", "Rows"]

Rows: TypeAlias = list[tuple[Waiter, Verdict]]
"""Waiters with their verdicts."""

_BEHIND, _BEHIND_QUICK = PATIENCE, 20_000_000
"""Nanoseconds by which a process that is not first retries later: over a network, with a quick store.

The first one wakes the next. If all retried as soon as there is room, most would fail, and each would have to
reload what the others wrote."""

_Heads: TypeAlias = dict[tuple[str, ...], tuple[Ask, int]]  # by pools: head of line, tick of its retry


class Admission:
    """Decides, and registers heads of line in the queue that processes share.

    Attributes:
        startups: Start-up cooldowns of this process's runs.
        due: Tick of the next retry.
        renewed: Tick at which this process last renewed its tickets.
        queued: Whether it has tickets.

    Args:
        supervisor: Supplies rules.
        startups: Start-up cooldowns of this process's runs.
        store: Where the domain is kept.
    """

    def __init__(self, supervisor: Supervisor, startups: Startups, store: Store) -> None:
        self.startups = startups
        self.due = NEVER
        self.renewed = 0
        self.queued = False
        self._supervisor = supervisor
        self._store = store
        self._tentative: list[Ask] = []

    def decide_first(self, ask: Ask, state: DomainState, now: Moment) -> Reservation | tuple[Rows, Moment]:
        """Like :meth:`decide`, for a call with no waiter ahead: the fast path of nearly every call."""
        for name in ask.pools:
            state.configure(name, self._supervisor.rules_of(name), now.tick)
        verdict = state.decide(now, ask, self.startups)
        if not isinstance(verdict, Reservation):
            return self.decide((Waiter(ask, self._supervisor.patience_for(ask)),), state, now)
        if self._tentative or self._store.shared:
            self._drop_tentative()
            self._tentative.append(ask)
        return verdict

    def decide(self, waiters: Sequence[Waiter], state: DomainState, now: Moment) -> tuple[Rows, Moment]:
        """For each combination of pools, decide from the head of line on until one has to wait."""
        self._drop_tentative()
        rows: Rows = []
        earlier: dict[str, dict[str, int]] = {}
        heads: _Heads = {}
        for pool in dict.fromkeys(pool for waiter in waiters for pool in waiter.ask.pools):
            state.configure(pool, self._supervisor.rules_of(pool), now.tick)
        for waiter in waiters:
            ask = waiter.ask
            has_forecast = waiter.forecast is not None and not waiter.stale
            if has_forecast and ask.pools in heads and heads[ask.pools][1] <= waiter.deadline:
                continue
            verdict = state.decide(now, ask, self.startups, earlier)
            rows.append((waiter, verdict))
            if isinstance(verdict, Reservation):
                self._tentative.append(ask)
            elif isinstance(verdict, Wait):
                until = verdict.until
                if verdict.blocker.ahead:
                    until += _BEHIND_QUICK if self._store.quick else _BEHIND
                self.due = min(self.due, until)
                if verdict.blocker.reason is not Reason.STARTUP:
                    heads.setdefault(ask.pools, (ask, until))
                    for pool in state.blocked_in(now, ask, verdict.blocker, earlier):
                        earlier[pool] = amounts_of((earlier.get(pool, {}), ask.amounts))
        if self._store.shared and (heads or self.queued):
            self._take_tickets(waiters, heads, state, now)
        return rows, now

    def forecast(self, waiter: Waiter, ahead: Sequence[Waiter], state: DomainState, now: Moment) -> Verdict:
        """The verdict on a call behind others of this process; never a grant."""
        earlier: dict[str, dict[str, int]] = {}
        for other in ahead:
            for pool in other.ask.pools:
                taken = earlier.setdefault(pool, {})
                for kind, amount in other.ask.amounts.items():
                    taken[kind] = taken.get(kind, 0) + amount
        return state.decide(now, waiter.ask, self.startups, earlier)

    def confirm(self) -> None:
        """Keep what the finished transaction granted."""
        self._tentative = []

    def rules_changed(self, waiters: Sequence[Waiter], state: DomainState) -> bool:
        """Whether rules have changed since the waiters' last verdicts."""
        pools = {pool for waiter in waiters for pool in waiter.ask.pools}
        return any(not state.has_rules(pool, self._supervisor.rules_of(pool)) for pool in pools)

    def _drop_tentative(self) -> None:
        """Undo what an attempt granted before it lost a conflict."""
        for ask in self._tentative:
            self.startups.ended(ask, answered=False)
        self._tentative = []
        self.due = NEVER

    def _take_tickets(
        self, waiters: Sequence[Waiter], heads: _Heads, state: DomainState, now: Moment
    ) -> None:
        for pools, (ask, until) in heads.items():
            waiting = sum(waiter.ask.pools == pools for waiter in waiters)
            state.queue(ask, self._store.address, now.tick, until, waiting)
        state.leave_queue(heads)
        self.renewed = now.tick
