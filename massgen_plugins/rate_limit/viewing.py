"""What a store holds, for people to look at. Nothing here changes a store."""

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
"""What holds in a pool now.

Args: the pool; what a process last declared for it; the seconds since any process was seen in its domain.
"""

Wanted: TypeAlias = Callable[[Domain], bool]
"""A domain, to whether it is looked at."""


def as_declared(pool: Pool, declared: PoolRules, idle: float) -> PoolRules:  # noqa: ARG001 - the same for all
    """What a process last declared holds."""
    return declared


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool.

    Attributes:
        pool: Which.
        rules: What holds in it.
        declared: What a process last declared for it.
        limits: Every limit in force with its use.
        penalties: What was learned.
        queue: Who waits, in the order in which they leave.
        slot: When the next call may leave.
        now: When this was so.
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
        """How many calls wait."""
        return sum(each.waiting for each in self.queue)

    @property
    def eventful(self) -> bool:
        """Whether there is anything to show: the account's pool is there for every call."""
        return self.pool.name != ACCOUNT_POOL or bool(self.limits or self.queue or self.penalties.cautious)


@dataclass(frozen=True, slots=True)
class StoreView:
    """A store.

    Attributes:
        pools: All pools, by domain and name.
        faults: What could not be read, in sentences.
    """

    pools: Sequence[PoolView]
    faults: Sequence[str] = ()

    @property
    def domains(self) -> list[Domain]:
        """The domains of the pools."""
        return list(dict.fromkeys(view.pool.domain for view in self.pools))


def any_domain(domain: Domain) -> bool:  # noqa: ARG001 - the same for all
    """All domains are looked at."""
    return True


def view_file(path: Path, holds: Holds = as_declared, wanted: Wanted = any_domain) -> StoreView:
    """What a SQLite file holds; nothing if there is none. Raises as :func:`.sqlite_view.read_file` does.

    Args:
        path: The file.
        holds: What holds in a pool now.
        wanted: Whether a domain is looked at: of budgets there may be thousands.
    """
    content = read_file(path)
    if content is None:
        return StoreView(())
    return _view(content.domains, content.clock.tick, content.clock.start, holds, wanted)


def view_store(store: Store, holds: Holds = as_declared, wanted: Wanted = any_domain) -> StoreView:
    """What a store holds, asked by its reading operations; may block.

    Args:
        store: The store.
        holds: What holds in a pool now.
        wanted: Whether a domain is looked at.

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
            faults.append(f"{name[:80]!a} is not the name of a domain; it is left out.")
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
    """The pools of a domain, and sentences about parts that are damaged.

    Args:
        domain: Which.
        parts: As a store keeps them.
        tick: The store's clock.
        start: How it began.
        holds: What holds in a pool now.
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
