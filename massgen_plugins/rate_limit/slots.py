"""When waiting calls leave, and when the next call may: by the arithmetic that decides. Pure."""

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
class Slot:
    """When the next call may leave.

    Attributes:
        tick: The tick, not before the moment that was asked; None if no moment is known.
        blocker: What stands in the way of the smallest call now; None if nothing does.
    """

    tick: int | None
    blocker: Blocker | None = None


def queue_of(state: DomainState, now: Moment) -> list[tuple[Ticket, WaiterView]]:
    """Who waits, in the order of the queue, and when each may leave."""
    rows: list[tuple[Ticket, WaiterView]] = []
    for ticket in sorted(state.tickets, key=lambda each: each.place):
        if now.tick - ticket.seen <= TICKET_LEASE:
            leaves = _leaves_at(state, now, ticket, [before for before, _ in rows])
            rows.append((ticket, WaiterView(ticket.owner, ticket.waiting, ticket.arrival, leaves)))
    return rows


def next_slot(state: DomainState, now: Moment, name: str, queue: Sequence[WaiterView]) -> Slot:
    """When the next call of a pool may leave: the first that waits, else the smallest that may come.

    Args:
        state: The pool's domain.
        now: The moment.
        name: The pool's.
        queue: Who waits for it.
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
