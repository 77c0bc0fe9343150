"""The limiter: admits calls, and learns from their answers."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress

from massgen_plugins.middleware import Announced, Refusal
from massgen_plugins.quota import NANOSECONDS, Amounts, Charge, Domain, Pool, PoolRules
from massgen_plugins.rate_limit import learning
from massgen_plugins.rate_limit.domain import FACTS, DomainState
from massgen_plugins.rate_limit.domain_queue import DomainQueue
from massgen_plugins.rate_limit.estimator import Estimates
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.replica import DomainReplica
from massgen_plugins.rate_limit.reservation import WRITE_GRACE, Ask, Reservation
from massgen_plugins.rate_limit.stores.base import Store
from massgen_plugins.rate_limit.stores.process import after_fork, process_name
from massgen_plugins.rate_limit.stores.worker import Worker, WorkerThread
from massgen_plugins.rate_limit.waiter import WaitInfo, WaitPolicy
from massgen_plugins.rate_limit.wall_clock import read_date

__all__ = ["DomainLimiter", "Limiter"]

_DATE_PERIOD = 60 * NANOSECONDS
_FLUSH_WAIT = 5.0
_numbers = itertools.count(1)


class Limiter:
    """Admits calls, first come, first served, across event loops, threads and processes.

    Args:
        store: Where the domains are kept.
        rules_of: The current rules of a pool, or None; called once per decision.
        on_wait: Called with every wait; must not raise.
        report: Called with a sentence about a store's fault.
        worker: Runs what may block; default: a thread of its own.
    """

    def __init__(
        self,
        store: Store,
        rules_of: Callable[[Pool], PoolRules | None],
        on_wait: Callable[[WaitInfo], None] | None = None,
        report: Callable[[str], None] = lambda _: None,
        worker: Worker | None = None,
    ) -> None:
        self.store = store
        self.rules_of = rules_of
        self.on_wait = on_wait
        self.report = report
        self.on_store: Callable[[bool, str], None] | None = None
        """Called with whether the store works, and why, when that changes; default: ``report``."""
        self.worker = worker or WorkerThread("massgen-plugins-store")
        self._number = next(_numbers)
        self._domains: dict[Domain, DomainLimiter] = {}
        store.on_wake = self._serve
        after_fork(self)

    @property
    def owner(self) -> str:
        """This limiter's name in queues; unique, also after a fork."""
        return f"{process_name()}.{self._number}"

    def domain(self, domain: Domain) -> DomainLimiter:
        """The limiter of one domain; the same object every time."""
        known = self._domains.get(domain)
        return known or self._domains.setdefault(domain, DomainLimiter(self, domain))

    def flush(self) -> None:
        """Write all pending updates to the store; blocks for 5 seconds per domain at most."""
        for each in list(self._domains.values()):
            with suppress(TimeoutError):
                self.worker.submit(each.queue.flush).result(_FLUSH_WAIT)

    def forked(self) -> None:
        """Reset in a forked child."""
        for each in self._domains.values():
            each.queue.forked()
            each.queue.replica.forked(self.owner)

    def _serve(self) -> None:
        """Handle a wake-up from another process."""
        for each in list(self._domains.values()):
            each.queue.serve()


class DomainLimiter:
    """The limiter of one domain.

    Attributes:
        queue: Its waiting calls.

    Args:
        limiter: Owns the store, the rules and the worker.
        domain: The domain.
    """

    def __init__(self, limiter: Limiter, domain: Domain) -> None:
        self._limiter = limiter
        replica = DomainReplica(domain, limiter.store, limiter.owner, limiter.report, limiter.on_store)
        policy = WaitPolicy(domain, limiter.rules_of, limiter.on_wait)
        self.queue = DomainQueue(replica, limiter.store, limiter.worker, policy)
        self._estimates: dict[str, Estimates] = {}
        self._next_date = 0

    async def tick(self) -> int:
        """The store's clock in nanoseconds; opens the store, without blocking the event loop."""
        store = self._limiter.store
        if not store.ready:
            await asyncio.wrap_future(self._limiter.worker.submit(store.open))
        return store.tick()

    def acquire(self, ask: Ask) -> Coroutine[None, None, Reservation]:
        """Wait until a call may leave.

        Raises:
            CallRefused: The wait would be too long, or would not help.
        """
        return self.queue.acquire(ask)

    # Learning.

    def amounts(self, model: str, charges: Mapping[str, Charge]) -> dict[str, int]:
        """What to book for a call of a model, scaled by what earlier calls used."""
        return self._estimates_of(model).amounts(charges)

    def used(self, model: str, charges: Mapping[str, Charge], amounts: Amounts) -> None:
        """Learn how the charges of a call relate to its true use."""
        estimates = self._estimates_of(model)
        if estimates.learn(charges, amounts):
            samples = {kind: list(row) for kind, row in estimates.samples.items()}

            def keep(state: DomainState, _: Moment) -> None:
                state.facts.estimates[model] = Estimates(samples)
                state.changed.add(FACTS)

            self.queue.later(keep)

    async def refused(self, call: Reservation, refusal: Refusal) -> bool:
        """Learn from a refusal; True if it lowered a limit."""
        chance = random.random()  # noqa: S311 - jitter
        slow = self.queue.startups.slow
        slow.refused(call.ask)
        recent = slow.recent()
        lowered = await self.queue.do(
            lambda state, now: learning.refused(state, now, call, refusal, chance, recent)
        )
        self.queue.lease(recent)
        return lowered

    def pause_of(self, pool: str) -> float:
        """Seconds for which a penalty keeps all calls of a pool from leaving; 0 for none."""
        penalties, now = self.queue.replica.state.pool(pool).penalties, self.queue.replica.moment()
        left = max(penalties.pause - now.tick, penalties.closed - now.tick, penalties.until - now.wall, 0)
        return left / NANOSECONDS

    def refused_late(self, call: Reservation, refusal: Refusal) -> None:
        """Learn from a refusal in the middle of an answer."""
        chance = random.random()  # noqa: S311 - jitter

        def learn(state: DomainState, now: Moment) -> None:
            learning.refused(state, now, call, refusal, chance)

        self.queue.later(learn)

    def succeeded(self, call: Reservation) -> None:
        """Learn from an answer, if a pool of the call is under a penalty."""
        if self.queue.startups.slow.paths:
            self.queue.startups.slow.served(call.ask)
        if self.queue.replica.state.cautious(call.ask.pools):
            self.queue.later(lambda state, now: learning.succeeded(state, now, call))

    def announced(self, call: Reservation, rows: Iterable[Announced]) -> None:
        """Adopt what an answer's headers announce about limits."""
        known = tuple(rows)
        if known:
            self.queue.later(lambda state, now: learning.announced(state, now, call, known))

    def dated(self, call: Reservation, text: str) -> None:
        """Learn the provider's time from an answer's ``Date``, at most once a minute."""
        answered = call.answered_at
        date = read_date(text) if answered >= self._next_date else None
        if date is not None:
            self._next_date = answered + _DATE_PERIOD
            waited = answered - (call.begun - WRITE_GRACE)
            self.queue.later(lambda state, _: learning.observed_date(state, date, waited, answered))

    def ended(self, ask: Ask, *, answered: bool) -> None:
        """End a call's part in its run's start-up, which may let others leave."""
        if self.queue.startups.ended(ask, answered=answered):
            self.queue.serve()

    def _estimates_of(self, model: str) -> Estimates:
        estimates = self._estimates.get(model)
        if estimates is None:
            kept = self.queue.replica.state.facts.estimates.get(model)
            samples = {kind: list(row) for kind, row in kept.samples.items()} if kept else {}
            estimates = self._estimates[model] = Estimates(samples)
        return estimates
