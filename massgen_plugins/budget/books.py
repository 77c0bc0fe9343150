"""Books budgets in the limiter's stores: reserves in all of a call's budgets or in none, never waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from massgen_plugins.budget.messages import Level
from massgen_plugins.budget.terms import RUN, SPENT, UNLIMITED, Budget
from massgen_plugins.quota import NANOSECONDS, Domain, Kind, Limit, Pool, PoolRules, Window
from massgen_plugins.rate_limit.calendar_windows import CalendarCounter
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.limiter import DomainLimiter, Limiter
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.reservation import Ask, Reservation

__all__ = ["Books", "Full", "Reserved"]

_AGENT = "agent "


@dataclass(frozen=True, slots=True)
class Full:
    """A budget that has no room for a call.

    Attributes:
        level: Its state.
        by: Micro-dollars spent in this run, by agent.
    """

    level: Level
    by: Mapping[str, int]


class Reserved:
    """A call's reservations in all of its budgets.

    Attributes:
        levels: The state of the budgets, this call included.
    """

    def __init__(self, parts: Sequence[Reservation], levels: Sequence[Level]) -> None:
        self._parts = parts
        self.levels = levels

    def settle(self, micros: int) -> None:
        """Replace the reservation by the actual cost in micro-dollars."""
        for part in self._parts:
            part.settle({Kind.COST: micros, SPENT: micros})

    def release(self) -> None:
        """Drop the reservation: the call cost nothing."""
        for part in self._parts:
            part.release()


class Books:
    """Keeps budgets in domains of the limiter.

    Args:
        limiter_at: Returns the limiter for a store's address.
    """

    def __init__(self, limiter_at: Callable[[str], Limiter]) -> None:
        self._limiter_at = limiter_at
        self._rules: dict[Pool, PoolRules] = {}

    async def reserve(self, store: str, budgets: Sequence[Budget], micros: int) -> Reserved | Full:
        """Reserve an amount in all of these budgets, or in none.

        Args:
            store: Address of the store.
            budgets: The budgets of a call.
            micros: Micro-dollars.
        """
        parts: list[Reservation] = []
        levels: list[Level] = []
        full: Full | None = None
        try:
            for domain, own in _by_domain(budgets).items():
                found = await self._reserve(self.domain(store, domain), own, micros)
                if isinstance(found, Full):
                    full = found
                    break
                parts.append(found[0])
                levels += found[1]
        finally:
            if full is not None or len(levels) < len(budgets):
                for part in parts:
                    part.release()
        return full or Reserved(parts, levels)

    def look_soon(self, store: str, budgets: Sequence[Budget], tell: Callable[[list[Level]], None]) -> None:
        """Call ``tell`` in a thread with the state of budgets, once pending updates are written."""
        for domain, own in _by_domain(budgets).items():
            self.domain(store, domain).queue.later(partial(self._look, store, own, tell))

    def domain(self, store: str, domain: Domain) -> DomainLimiter:
        """The limiter of a domain in a store."""
        return self._limiter_at(store).domain(domain)

    def _look(
        self,
        store: str,
        budgets: Sequence[Budget],
        tell: Callable[[list[Level]], None],
        state: DomainState,
        now: Moment,
    ) -> None:
        """Runs inside a transaction, which must not wait for callbacks."""
        levels = [_level(state, now, each) for each in budgets]
        self._limiter_at(store).worker.submit(partial(tell, levels))

    async def _reserve(
        self, limiter: DomainLimiter, budgets: Sequence[Budget], micros: int
    ) -> tuple[Reservation, list[Level]] | Full:
        rules = {pool.name: self._rules_of(pool, own) for pool, own in _by_pool(budgets).items()}
        arrival = await limiter.tick()
        ask = Ask(tuple(rules), {Kind.COST: micros, SPENT: 0}, arrival)
        found: list[Full | list[Level]] = []

        def decide(state: DomainState, now: Moment) -> Reservation | None:
            for name, each in rules.items():
                if not state.has_rules(name, each):
                    state.configure(name, each, now.tick)
            found[:] = [_full(state, now, budgets, micros) or []]
            if isinstance(found[0], Full):
                return None
            verdict = state.decide(now, ask)
            found[:] = [[_level(state, now, each) for each in budgets]]
            return verdict if isinstance(verdict, Reservation) else None

        call = await limiter.queue.book(decide)
        if isinstance(found[0], Full):
            return found[0]
        if call is None:  # the remaining case, a provider's refusal, does not occur for budgets
            raise RuntimeError("a budget's books refuse a call that fits")
        return call, found[0]

    def _rules_of(self, pool: Pool, budgets: Sequence[Budget]) -> PoolRules:
        """Return the same object for equal rules: the books compare by identity."""
        spent = [Limit(SPENT, UNLIMITED, each.limit.window) for each in budgets]
        limits = (*(each.limit for each in budgets), *spent)
        known = self._rules.get(pool)
        if known is None or known.limits != limits:
            known = self._rules[pool] = PoolRules(limits, cooldown_mode="off", profile="budget")
        return known


def _by_domain(budgets: Iterable[Budget]) -> dict[Domain, list[Budget]]:
    rows: dict[Domain, list[Budget]] = {}
    for each in budgets:
        rows.setdefault(each.pool.domain, []).append(each)
    return rows


def _by_pool(budgets: Iterable[Budget]) -> dict[Pool, list[Budget]]:
    rows: dict[Pool, list[Budget]] = {}
    for each in budgets:
        rows.setdefault(each.pool, []).append(each)
    return rows


def _full(state: DomainState, now: Moment, budgets: Sequence[Budget], micros: int) -> Full | None:
    """The first budget that has no room for an amount."""
    for each in budgets:
        counter = state.book(each.pool.name).counter(each.limit)
        counter.advance(now)
        if counter.used + micros > each.limit.amount:
            return Full(_level(state, now, each), _spenders(state, now) if each.name == "run" else {})
    return None


def _level(state: DomainState, now: Moment, budget: Budget) -> Level:
    used = _used(state, now, budget, Kind.COST)
    spent = _used(state, now, budget, SPENT)
    counter = state.book(budget.pool.name).counter(budget.limit)
    resets = counter.ends(now) / NANOSECONDS if isinstance(counter, CalendarCounter) else None
    return Level(budget, used, spent, resets)


def _used(state: DomainState, now: Moment, budget: Budget, kind: str) -> int:
    return _counted(state, now, budget.pool.name, kind, budget.limit.window)


def _counted(state: DomainState, now: Moment, pool: str, kind: str, window: Window) -> int:
    counter = state.book(pool).counter(Limit(kind, 0, window))
    counter.advance(now)
    return counter.used


def _spenders(state: DomainState, now: Moment) -> dict[str, int]:
    """Micro-dollars spent, by agent of a run."""
    names = [name for name in state.pools() if name.startswith(_AGENT)]
    return {name.removeprefix(_AGENT): _counted(state, now, name, SPENT, RUN) for name in names}
