"""Decides for the waiters of one process, in their order: what is done in a transaction. It does not wait."""

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
"""What was decided for whom."""

_BEHIND, _BEHIND_QUICK = PATIENCE, 20_000_000
"""Nanoseconds by which a process that is not first asks later, over a network and for a quick store.

Whoever goes first wakes the next. If all asked as soon as there is room, most of them in vain, each would
have to read anew what the others wrote."""

_Heads: TypeAlias = dict[tuple[str, ...], tuple[Ask, int]]


class Admission:
    """Decides, and registers who has to wait in the queue that processes share.

    Attributes:
        startups: The cooldowns of runs.
        due: Tick at which it is worth to ask again.
        seen: Tick at which this process last showed itself in the shared queue.
        queued: Whether it has tickets there.

    Args:
        supervisor: Says what holds.
        startups: The cooldowns of runs.
        store: Where the domain is kept.
    """

    def __init__(self, supervisor: Supervisor, startups: Startups, store: Store) -> None:
        self.startups = startups
        self.due = NEVER
        self.seen = 0
        self.queued = False
        self._supervisor = supervisor
        self._store = store
        self._attempt: list[Ask] = []

    def decide_first(self, ask: Ask, state: DomainState, now: Moment) -> Reservation | tuple[Rows, Moment]:
        """As :meth:`decide`, for a call that nobody is before: the way of nearly every call."""
        for name in ask.pools:
            state.configure(name, self._supervisor.rules_of(name), now.tick)
        verdict = state.decide(now, ask, self.startups)
        if not isinstance(verdict, Reservation):
            return self.decide((Waiter(ask, self._supervisor.patience_for(ask)),), state, now)
        if self._attempt or self._store.shared:
            self._begin_attempt()
            self._attempt.append(ask)
        return verdict

    def decide(self, waiters: Sequence[Waiter], state: DomainState, now: Moment) -> tuple[Rows, Moment]:
        """Decide for the first of each combination of pools, and on until one of them has to wait."""
        self._begin_attempt()
        rows: Rows = []
        earlier: dict[str, dict[str, int]] = {}
        heads: _Heads = {}
        for pool in dict.fromkeys(pool for waiter in waiters for pool in waiter.ask.pools):
            state.configure(pool, self._supervisor.rules_of(pool), now.tick)
        for waiter in waiters:
            ask = waiter.ask
            told = waiter.told is not None and not waiter.stale
            if told and ask.pools in heads and heads[ask.pools][1] <= waiter.deadline:
                continue
            verdict = state.decide(now, ask, self.startups, earlier)
            rows.append((waiter, verdict))
            if isinstance(verdict, Reservation):
                self._attempt.append(ask)
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

    def forecast(self, waiter: Waiter, before: Sequence[Waiter], state: DomainState, now: Moment) -> Verdict:
        """What a call would be told behind others of this process; it is not let go."""
        earlier: dict[str, dict[str, int]] = {}
        for other in before:
            for pool in other.ask.pools:
                taken = earlier.setdefault(pool, {})
                for kind, amount in other.ask.amounts.items():
                    taken[kind] = taken.get(kind, 0) + amount
        return state.decide(now, waiter.ask, self.startups, earlier)

    def confirm(self) -> None:
        """The transaction is done: what it granted is granted."""
        self._attempt = []

    def rules_changed(self, waiters: Sequence[Waiter], state: DomainState) -> bool:
        """Whether other rules hold by now than those by which waiters were told to wait."""
        pools = {pool for waiter in waiters for pool in waiter.ask.pools}
        return any(not state.has_rules(pool, self._supervisor.rules_of(pool)) for pool in pools)

    def _begin_attempt(self) -> None:
        """What an attempt granted that another process was quicker than, is not granted."""
        for ask in self._attempt:
            self.startups.ended(ask, answered=False)
        self._attempt = []
        self.due = NEVER

    def _take_tickets(
        self, waiters: Sequence[Waiter], heads: _Heads, state: DomainState, now: Moment
    ) -> None:
        for pools, (ask, until) in heads.items():
            waiting = sum(waiter.ask.pools == pools for waiter in waiters)
            state.queue(ask, self._store.address, now.tick, until, waiting)
        state.leave_queue(heads)
        self.seen = now.tick
