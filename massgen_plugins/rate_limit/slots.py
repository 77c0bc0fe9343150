"""Forecasts for display: when waiting calls leave, and when the next call may. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from massgen_plugins.quota import Held
from massgen_plugins.rate_limit.book import amounts_of
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.tickets import TICKET_LEASE, Ticket
from massgen_plugins.rate_limit.verdict import Blocker, Reason

__all__ = ["Slot", "WaiterView", "next_slot", "queue_of"]


@dataclass(frozen=True, slots=True)
class WaiterView:
    """A process's head of line for a combination of pools.

    Attributes:
        process: The process's name.
        waiting: Number of its calls that wait for these pools.
        since: Tick of the first one's arrival.
        leaves: Tick at which that one may leave; a lower bound.
    """

    process: str
    waiting: int
    since: int
    leaves: int


@dataclass(frozen=True, slots=True)
class Slot:
    """When the next call may leave.

    Attributes:
        tick: The tick, now at the earliest; None if unknown.
        blocker: What blocks the smallest call now, if anything.
    """

    tick: int | None
    blocker: Blocker | None = None


def queue_of(state: DomainState, now: Moment) -> list[tuple[Ticket, WaiterView]]:
    """The valid tickets in order, and when each may leave."""
    rows: list[tuple[Ticket, WaiterView]] = []
    for ticket in sorted(state.tickets, key=lambda each: each.sort_key):
        if now.tick - ticket.seen <= TICKET_LEASE:
            leaves = _leaves_at(state, now, ticket, [before for before, _ in rows])
            rows.append((ticket, WaiterView(ticket.owner, ticket.waiting, ticket.arrival, leaves)))
    return rows


def next_slot(state: DomainState, now: Moment, name: str, queue: Sequence[WaiterView]) -> Slot:
    """When the next call of a pool may leave: the first waiter, else the smallest possible call.

    Args:
        state: The pool's domain.
        now: The current moment.
        name: The pool.
        queue: Its waiters, in order.
    """
    pool = state.pool(name)
    smallest = {counter.kind: 1 for _, _, counter in pool.limits}
    blocker = pool.blocker(now, name, smallest)
    if queue:
        return Slot(queue[0].leaves, blocker)
    if blocker is None:
        return Slot(now.tick)
    limit = blocker.limit
    if limit is not None and (blocker.reason is Reason.CLOSED or isinstance(limit.window, Held)):
        return Slot(None, blocker)
    return Slot(max(blocker.until, pool.frees_at(now, smallest, {})), blocker)


def _leaves_at(state: DomainState, now: Moment, ticket: Ticket, ahead: Sequence[Ticket]) -> int:
    when = now.tick
    for name in ticket.pools:
        pool = state.pool(name)
        blocker = pool.blocker(now, name, ticket.amounts)
        taken = amounts_of(pool.clamped(each.amounts) for each in ahead if name in each.pools)
        when = max(when, blocker.until if blocker else 0, pool.frees_at(now, ticket.amounts, taken))
    return when
