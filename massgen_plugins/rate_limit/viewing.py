"""Read-only views of a store's content."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from massgen_plugins.quota import ACCOUNT_POOL, NANOSECONDS, Domain, Pool, PoolRules
from massgen_plugins.rate_limit import wall_clock
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.penalties import Penalties
from massgen_plugins.rate_limit.pool_state import NO_RULES
from massgen_plugins.rate_limit.slots import Slot, WaiterView, next_slot, queue_of
from massgen_plugins.rate_limit.stores.base import Store
from massgen_plugins.rate_limit.stores.domain_names import read_domain_name
from massgen_plugins.rate_limit.stores.sqlite_view import read_file
from massgen_plugins.rate_limit.verdict import LimitView
from massgen_plugins.rate_limit.wall_clock import Start

__all__ = [
    "Holds",
    "PoolView",
    "StoreView",
    "Wanted",
    "any_domain",
    "as_declared",
    "view_domain",
    "view_file",
    "view_store",
]

_VIEWER = "viewer"


Holds: TypeAlias = Callable[[Pool, PoolRules, float], PoolRules]
"""The current rules of a pool.

Args: the pool; its last declared rules; seconds since any process was seen in its domain.
"""

Wanted: TypeAlias = Callable[[Domain], bool]
"""Whether to include a domain."""


def as_declared(pool: Pool, declared: PoolRules, idle: float) -> PoolRules:  # noqa: ARG001 - the same for all
    """Use the last declared rules."""
    return declared


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool.

    Attributes:
        pool: The pool.
        rules: Its current rules.
        declared: Its last declared rules.
        limits: The limits in force, with their usage.
        penalties: Its penalties.
        queue: Its waiters, in order.
        slot: When the next call may leave.
        now: The moment of the view.
    """

    pool: Pool
    rules: PoolRules
    declared: PoolRules
    limits: Sequence[LimitView]
    penalties: Penalties
    queue: Sequence[WaiterView]
    slot: Slot
    now: Moment

    @property
    def waiting(self) -> int:
        """The number of waiting calls."""
        return sum(each.waiting for each in self.queue)

    @property
    def eventful(self) -> bool:
        """Whether there is anything to show; every call books in the account's pool, often without limits."""
        return self.pool.name != ACCOUNT_POOL or bool(self.limits or self.queue or self.penalties.cautious)


@dataclass(frozen=True, slots=True)
class StoreView:
    """A store.

    Attributes:
        pools: All pools, sorted by domain and name.
        faults: Sentences about what could not be read.
    """

    pools: Sequence[PoolView]
    faults: Sequence[str] = ()

    @property
    def domains(self) -> list[Domain]:
        """The domains of the pools."""
        return list(dict.fromkeys(view.pool.domain for view in self.pools))


def any_domain(domain: Domain) -> bool:  # noqa: ARG001 - the same for all
    """Include every domain."""
    return True


def view_file(path: Path, holds: Holds = as_declared, wanted: Wanted = any_domain) -> StoreView:
    """View a SQLite file; empty if there is none. Raises like :func:`.sqlite_view.read_file`.

    Args:
        path: The file.
        holds: The current rules of a pool.
        wanted: Whether to include a domain: there may be thousands of budgets.
    """
    content = read_file(path)
    if content is None:
        return StoreView(())
    return _view(content.domains, content.clock.tick, content.clock.start, holds, wanted)


def view_store(store: Store, holds: Holds = as_declared, wanted: Wanted = any_domain) -> StoreView:
    """View a store. May block.

    Args:
        store: The store.
        holds: The current rules of a pool.
        wanted: Whether to include a domain.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    names = [name for name in store.domains() if (domain := read_domain_name(name)) is None or wanted(domain)]
    parts = {name: store.load(name, 0, patient=True).parts for name in names}
    return _view(parts, store.tick(), store.start(), holds, wanted)


def _view(
    domains: Mapping[str, Mapping[str, bytes]], tick: int, start: Start, holds: Holds, wanted: Wanted
) -> StoreView:
    pools: list[PoolView] = []
    faults: list[str] = []
    for name, parts in sorted(domains.items()):
        domain = read_domain_name(name)
        if domain is None:
            faults.append(f"{name[:80]!a} is not the name of a domain; it is ignored.")
        elif wanted(domain):
            found, wrong = view_domain(domain, parts, tick, start, holds)
            pools += found
            faults += wrong
    return StoreView(pools, faults)


def view_domain(
    domain: Domain,
    parts: Mapping[str, bytes],
    tick: int,
    start: Start,
    holds: Holds = as_declared,
) -> tuple[list[PoolView], list[str]]:
    """The pools of a domain, and sentences about damaged parts.

    Args:
        domain: The domain.
        parts: Its parts, as a store keeps them.
        tick: The store's clock, in nanoseconds.
        start: The origin of that clock.
        holds: The current rules of a pool.
    """
    state, faults = _restored(domain, parts)
    now = wall_clock.moment(state.facts.clock, tick, start)
    names = {*state.pools(), *state.facts.rules, *state.facts.penalties}
    names.update(pool for ticket in state.tickets for pool in ticket.pools)
    declared = {name: state.facts.rules.get(name, NO_RULES) for name in sorted(names)}
    idle = (now.tick - max(state.facts.members.values(), default=-NEVER)) / NANOSECONDS
    held = {name: holds(Pool(domain, name), rules, idle) for name, rules in declared.items()}
    for name, rules in held.items():
        if rules.limits != declared[name].limits:
            state.configure(name, rules, now.tick)
    limits = {name: state.pool(name).view(now) for name in declared}
    queue = queue_of(state, now)
    views = []
    for name, rules in held.items():
        waiters = [waiter for ticket, waiter in queue if name in ticket.pools]
        penalties, slot = state.pool(name).penalties, next_slot(state, now, name, waiters)
        where = Pool(domain, name)
        views.append(PoolView(where, rules, declared[name], limits[name], penalties, waiters, slot, now))
    return views, faults


def _restored(domain: Domain, parts: Mapping[str, bytes]) -> tuple[DomainState, list[str]]:
    state = DomainState(_VIEWER)
    faults = []
    for part in sorted(parts):
        try:
            state.restore(part, parts[part])
        except ValueError as error:
            faults.append(
                f"{domain}: the part {part[:80]!a} is damaged ({error}) and is left out; the next "
                "limited call writes it anew."
            )
    return state, faults
