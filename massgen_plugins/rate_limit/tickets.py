"""The queue that processes share: of each process the first waiter for each combination of pools. Pure.

A ticket is a lease. The owner of a first one that does not take what is there for it (a stopped process, a
blocked loop) is overtaken after ``PATIENCE``, and one that was not seen for ``TICKET_LEASE`` has no place. It
keeps its arrival, and has its place again as soon as it shows up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from massgen_plugins.quota import NANOSECONDS, Amounts
from massgen_plugins.rate_limit.estimator import MOST
from massgen_plugins.rate_limit.moment import NEVER
from massgen_plugins.rate_limit.reservation import Ask

__all__ = ["PATIENCE", "RENEWAL", "TICKET_LEASE", "Ticket", "Tickets"]

RENEWAL = 5 * NANOSECONDS
"""Nanoseconds after which a process that waits shows itself again."""

TICKET_LEASE = 3 * RENEWAL
"""Nanoseconds for which a ticket holds its place without its owner being seen."""

PATIENCE = NANOSECONDS // 10
"""Nanoseconds for which others wait for the first one to take what is there for it."""

_MOST_TICKETS = 10_000


class Ticket(NamedTuple):
    """A process's first waiter for some pools.

    Attributes:
        owner: The process.
        address: Where it can be woken.
        pools: What the waiter books in.
        amounts: What it will take.
        priority: Lower goes first.
        arrival: Tick at which the waiter came.
        seen: Tick at which its process was last seen.
        until: Tick at which the process asks again, if nobody wakes it before.
        waiting: How many wait there.
        fits_since: Tick from which on it was seen to fit without leaving; 0 if it does not fit.
    """

    owner: str
    address: str
    pools: tuple[str, ...]
    amounts: Amounts
    priority: int
    arrival: int
    seen: int
    until: int
    waiting: int = 1
    fits_since: int = 0

    @property
    def place(self) -> tuple[int, int]:
        """Sorts tickets into the order of the queue."""
        return self.priority, self.arrival


class Tickets:
    """The tickets of one domain.

    Attributes:
        rows: By owner and pools.
    """

    def __init__(self) -> None:
        self.rows: dict[tuple[str, tuple[str, ...]], Ticket] = {}

    def __iter__(self) -> Iterator[Ticket]:
        return iter(self.rows.values())

    def ahead_of(self, ask: Ask, owner: str, now: int) -> list[Ticket]:
        """The living tickets of other processes that come before ``ask`` and share a pool, in their order."""
        pools = set(ask.pools)
        rows = [
            ticket
            for ticket in self.rows.values()
            if ticket.owner != owner
            and ticket.place < ask.place
            and now - ticket.seen <= TICKET_LEASE
            and not pools.isdisjoint(ticket.pools)
        ]
        return sorted(rows, key=lambda ticket: ticket.place)

    def put(self, ticket: Ticket) -> None:
        """Register a waiter, and forget processes that were not seen for three leases."""
        key = ticket.owner, ticket.pools
        known = self.rows.get(key)
        if known is not None and known.arrival == ticket.arrival:
            ticket = ticket._replace(fits_since=known.fits_since)
        self.rows[key] = ticket
        now = ticket.seen
        for old in [k for k, t in self.rows.items() if not -TICKET_LEASE <= now - t.seen <= 3 * TICKET_LEASE]:
            del self.rows[old]

    def mark(self, ticket: Ticket, fits_since: int) -> Ticket:
        """Remember from when on a ticket was seen to fit."""
        marked = ticket._replace(fits_since=fits_since)
        self.rows[ticket.owner, ticket.pools] = marked
        return marked

    def of(self, owner: str) -> list[Ticket]:
        """The tickets of one process."""
        return [ticket for ticket in self.rows.values() if ticket.owner == owner]

    def drop(self, ticket: Ticket) -> None:
        """Its waiter waits no more, or is overtaken."""
        self.rows.pop((ticket.owner, ticket.pools), None)

    def dump(self) -> bytes:
        """All of them, for a store."""
        return json.dumps(list(self.rows.values()), separators=(",", ":")).encode()

    @classmethod
    def restore(cls, data: bytes) -> Tickets:
        """What :meth:`dump` wrote; raises ValueError if it is damaged."""
        tickets = cls()
        try:
            for row in json.loads(data)[:_MOST_TICKETS]:
                ticket = _read(*row)
                tickets.rows[ticket.owner, ticket.pools] = ticket
        except (AttributeError, TypeError, LookupError, RecursionError) as error:
            raise ValueError(f"the queue is damaged: {type(error).__name__}") from None
        return tickets


def _read(owner: Any, address: Any, pools: Any, amounts: Any, *numbers: Any) -> Ticket:
    checked = {str(kind): amount for kind, amount in amounts.items()}
    for number in (*numbers, *checked.values()):
        if type(number) is not int or not 0 <= number <= NEVER:
            raise ValueError("the queue holds a number out of its range")
    if max(checked.values(), default=0) > MOST:
        raise ValueError("the queue holds an amount out of its range")
    return Ticket(str(owner), str(address), tuple(map(str, pools)), checked, *numbers)
