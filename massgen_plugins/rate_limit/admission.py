"""Decides for the waiters of one process, in order: the body of a transaction. It never waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from massgen_plugins.quota import Amounts
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.startup import Startups
from massgen_plugins.rate_limit.stores.base import Store
from massgen_plugins.rate_limit.tickets import PATIENCE
from massgen_plugins.rate_limit.verdict import Reason, Verdict, Wait
from massgen_plugins.rate_limit.waiter import Waiter, WaitPolicy

__all__ = ["Admission", "Rows"]

Rows: TypeAlias = list[tuple[Waiter, Verdict]]
"""Waiters with their verdicts."""

_BEHIND, _BEHIND_QUICK = 5 * PATIENCE, 20_000_000
"""Nanoseconds by which a process that is not first retries later: over a network, with a quick store.

The first one wakes the next. If all retried as soon as there is room, most would fail, and each would have to
reload what the others wrote."""

_Heads: TypeAlias = dict[tuple[str, ...], tuple[Ask, int]]  # by pools: head of line, tick of its retry


class Admission:
    """Decides, and registers heads of line in the queue that processes share.

    Attributes:
        startups: Start-up cooldowns of this process's runs.
        due: Tick of the next retry.
        renew_at: Tick at which this process renews its tickets.

    Args:
        policy: Supplies rules.
        startups: Start-up cooldowns of this process's runs.
        store: Where the domain is kept.
    """

    def __init__(self, policy: WaitPolicy, startups: Startups, store: Store) -> None:
        self.startups = startups
        self.due = NEVER
        self.renew_at = NEVER
        self._policy = policy
        self._store = store
        self._tentative: list[Ask] = []

    def decide(self, waiters: Sequence[Waiter], state: DomainState, now: Moment) -> Rows:
        """For each combination of pools, decide from the head of line on until one has to wait.

        Of those behind it, decide only for the ones whose forecast has yet to be reported.
        """
        if self._tentative:
            self._drop_tentative()
        self.due = self.renew_at = NEVER
        rows: Rows = []
        heads: _Heads = {}
        earlier: dict[str, dict[str, int]] = {}
        last_new = _last_unreported(waiters) if len(waiters) > 1 else 0
        for at, waiter in enumerate(waiters):
            ask, head = waiter.ask, heads.get(waiter.ask.pools)
            if head is not None and head[1] <= waiter.deadline and not waiter.unreported:
                if at < last_new:
                    _add(earlier, earlier.keys() & ask.pools, ask.amounts)
                continue
            for pool in ask.pools:
                state.configure(pool, self._policy.rules_of(pool), now.tick)
            verdict = state.decide(now, ask, self.startups, earlier)
            rows.append((waiter, verdict))
            if isinstance(verdict, Reservation):
                self._tentative.append(ask)
            elif isinstance(verdict, Wait):
                until = self._retry_at(verdict)
                if verdict.blocker.reason is Reason.STARTUP:
                    continue
                heads.setdefault(ask.pools, (ask, until))
                _add(earlier, state.blocked_in(now, ask, verdict.blocker, earlier), ask.amounts)
        if self._store.shared and (heads or state.queued):
            self._take_tickets(waiters, heads, state, now)
        return rows

    def confirm(self) -> None:
        """Keep what the finished transaction granted."""
        self._tentative = []

    def rules_changed(self, waiters: Sequence[Waiter], state: DomainState) -> bool:
        """Whether rules have changed since the waiters' last verdicts."""
        pools = {pool for waiter in waiters for pool in waiter.ask.pools}
        return any(not state.has_rules(pool, self._policy.rules_of(pool)) for pool in pools)

    def _drop_tentative(self) -> None:
        """Undo what an attempt granted before it lost a conflict."""
        for ask in self._tentative:
            self.startups.ended(ask, answered=False)
        self._tentative = []

    def _retry_at(self, verdict: Wait) -> int:
        until = verdict.until
        if verdict.blocker.ahead:
            until += _BEHIND_QUICK if self._store.quick else _BEHIND
        self.due = min(self.due, until)
        return until

    def _take_tickets(
        self, waiters: Sequence[Waiter], heads: _Heads, state: DomainState, now: Moment
    ) -> None:
        for pools, (ask, until) in heads.items():
            waiting = sum(waiter.ask.pools == pools for waiter in waiters)
            renew_at = state.queue(ask, self._store.address, now.tick, until, waiting)
            self.renew_at = min(self.renew_at, renew_at)
        state.leave_queue(heads)


def _last_unreported(waiters: Sequence[Waiter]) -> int:
    """The index of the last waiter whose forecast has yet to be reported; 0 if there is none."""
    return max((at for at, waiter in enumerate(waiters) if waiter.unreported), default=0)


def _add(earlier: dict[str, dict[str, int]], pools: set[str], amounts: Amounts) -> None:
    """Add what a waiter needs to what those before it need, in some pools."""
    for pool in pools:
        taken = earlier.setdefault(pool, {})
        for kind, amount in amounts.items():
            taken[kind] = taken.get(kind, 0) + amount
