"""One process that makes calls through a store, as far as a test needs it."""

from __future__ import annotations

from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import Amounts, Domain, Kind, PoolRules
from massgen_plugins.rate_limit import learning
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.replica import DomainReplica
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.stores.base import Store
from massgen_plugins.rate_limit.verdict import LimitView, Verdict

__all__ = ["DOMAIN", "MODEL", "Process"]

DOMAIN = Domain("gemini", "project")
MODEL = "gemini-2.5-flash"


class Process:
    """A process and its copy of a domain with one pool.

    Args:
        store: Its own, as no other process has the same object.
        rules: What holds in the pool.
        name: Tells processes apart.
        said: Takes what it reports of its store.
    """

    def __init__(self, store: Store, rules: PoolRules, name: str, said: list[str]) -> None:
        self.store, self.rules, self.said = store, rules, said
        self.replica = DomainReplica(DOMAIN, store, name, said.append)

    def take(self, amounts: Amounts | None = None, *, patient: bool = True) -> Reservation | None:
        """Make a call; None if it may not leave now."""

        def decide(state: DomainState, now: Moment) -> Verdict:
            state.configure(MODEL, self.rules, now.tick)
            return state.decide(now, Ask((MODEL,), amounts or {Kind.REQUESTS: 1}, now.tick))

        verdict = self.replica.transact(decide, patient=patient)
        return verdict if isinstance(verdict, Reservation) else None

    def spend(self, count: int) -> int:
        """Make so many calls, as far as they are granted."""
        return sum(self.take() is not None for _ in range(count))

    def view(self) -> list[LimitView]:
        """Every limit with its use."""

        def look(state: DomainState, now: Moment) -> list[LimitView]:
            state.configure(MODEL, self.rules, now.tick)
            return state.pool(MODEL).view(now)

        return self.replica.transact(look, patient=True)

    def used(self) -> list[int]:
        """What counts now, of each limit."""
        return [row.used for row in self.view()]

    def refused(self, call: Reservation, refusal: Refusal) -> bool:
        """Learn from a refusal; True if a limit was lowered by it."""
        return self.replica.transact(
            lambda state, now: learning.refused(state, now, call, refusal, 0.0), patient=True
        )

    def learn_time(self, date: int) -> None:
        """An answer that came at once says what time it is, in nanoseconds since the epoch."""
        tick = self.store.tick()
        self.replica.transact(lambda state, _: learning.observed_date(state, date, 0, tick), patient=True)
