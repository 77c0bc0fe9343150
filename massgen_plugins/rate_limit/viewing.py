"""What a store holds, for people to look at. Nothing here changes a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from massgen_plugins.quota import ACCOUNT_POOL, Domain, Pool, PoolRules
from massgen_plugins.rate_limit import wall_clock
from massgen_plugins.rate_limit.book import amounts_of
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.penalties import Penalties
from massgen_plugins.rate_limit.pool_state import NO_RULES
from massgen_plugins.rate_limit.replica import read_domain_name
from massgen_plugins.rate_limit.stores.base import Store
from massgen_plugins.rate_limit.stores.sqlite_view import read_file
from massgen_plugins.rate_limit.tickets import TICKET_LEASE, Ticket
from massgen_plugins.rate_limit.verdict import LimitView
from massgen_plugins.rate_limit.wall_clock import Start

__all__ = ["PoolView", "StoreView", "WaiterView", "view_domain", "view_file", "view_store"]

_VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class WaiterView:
    """A process that waits, of all its waiters for the same pools the first one.

    Attributes:
        process: Its name.
        waiting: How many of its calls wait there.
        since: Tick at which the first of them came.
        leaves: Tick at which that one may leave; an estimate from below.
    """

    process: str
    waiting: int
    since: int
    leaves: int


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool.

    Attributes:
        pool: Which.
        rules: What a process last declared for it.
        limits: Every limit in force with its use.
        penalties: What was learned.
        queue: Who waits, in the order in which they leave.
        now: When this was so.
    """

    pool: Pool
    rules: PoolRules
    limits: Sequence[LimitView]
    penalties: Penalties
    queue: Sequence[WaiterView]
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


def view_file(path: Path) -> StoreView:
    """What a SQLite file holds; nothing if there is none. Raises as :func:`.sqlite_view.read_file` does."""
    content = read_file(path)
    if content is None:
        return StoreView(())
    return _view(content.domains, content.clock.tick, content.clock.start)


def view_store(store: Store) -> StoreView:
    """What a store holds, asked by its reading operations; may block.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    parts = {name: store.load(name, 0, patient=True).parts for name in store.domains()}
    return _view(parts, store.tick(), store.start())


def _view(domains: Mapping[str, Mapping[str, bytes]], tick: int, start: Start) -> StoreView:
    pools: list[PoolView] = []
    faults: list[str] = []
    for name, parts in sorted(domains.items()):
        domain = read_domain_name(name)
        if domain is None:
            faults.append(f"{name[:80]!a} is not the name of a domain; it is left out.")
        else:
            found, wrong = view_domain(domain, parts, tick, start)
            pools += found
            faults += wrong
    return StoreView(pools, faults)


def view_domain(
    domain: Domain, parts: Mapping[str, bytes], tick: int, start: Start
) -> tuple[list[PoolView], list[str]]:
    """The pools of a domain, and sentences about parts that are damaged.

    Args:
        domain: Which.
        parts: As a store keeps them.
        tick: The store's clock.
        start: How it began.
    """
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
    now = wall_clock.moment(state.facts.clock, tick, start)
    names = {*state.pools(), *state.facts.rules, *state.facts.penalties}
    names.update(pool for ticket in state.tickets for pool in ticket.pools)
    limits = {name: state.pool(name).view(now) for name in sorted(names)}
    queue = _queue(state, now)
    views = [
        PoolView(
            Pool(domain, name),
            state.facts.rules.get(name, NO_RULES),
            rows,
            state.pool(name).penalties,
            [waiter for ticket, waiter in queue if name in ticket.pools],
            now,
        )
        for name, rows in limits.items()
    ]
    return views, faults


def _queue(state: DomainState, now: Moment) -> list[tuple[Ticket, WaiterView]]:
    """Who waits, in the order of the queue, and when each may leave."""
    rows: list[tuple[Ticket, WaiterView]] = []
    for ticket in sorted(state.tickets, key=lambda each: each.place):
        if now.tick - ticket.seen <= TICKET_LEASE:
            leaves = _leaves_at(state, now, ticket, [before for before, _ in rows])
            rows.append((ticket, WaiterView(ticket.owner, ticket.waiting, ticket.arrival, leaves)))
    return rows


def _leaves_at(state: DomainState, now: Moment, ticket: Ticket, ahead: Sequence[Ticket]) -> int:
    when = now.tick
    for name in ticket.pools:
        pool = state.pool(name)
        blocker = pool.blocker(now, name, ticket.amounts)
        taken = amounts_of(pool.clamped(each.amounts) for each in ahead if name in each.pools)
        when = max(when, blocker.until if blocker else 0, pool.frees_at(now, ticket.amounts, taken))
    return when
