"""The queue that processes share: each process's head of line for each combination of pools. Pure.

A ticket is a lease. A first one that fits but does not leave (its process is stopped, its loop blocked) is
overtaken after ``PATIENCE``, and one that is not renewed within ``TICKET_LEASE`` lapses. Its waiter keeps its
arrival, and so regains its place with the next renewal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from massgen_plugins.quota import NANOSECONDS, Amounts
from massgen_plugins.rate_limit.estimator import MAX_AMOUNT
from massgen_plugins.rate_limit.moment import NEVER
from massgen_plugins.rate_limit.reservation import Ask

__all__ = ["PATIENCE", "RENEWAL", "TICKET_LEASE", "Ticket", "Tickets"]

RENEWAL = 5 * NANOSECONDS
"""Nanoseconds after which a process renews its tickets."""

TICKET_LEASE = 3 * RENEWAL
"""Nanoseconds for which a ticket is valid without renewal."""

PATIENCE = NANOSECONDS // 10
"""Nanoseconds that a first ticket may fit without leaving before others overtake it."""

_MOST_TICKETS = 10_000


class Ticket(NamedTuple):
    """A process's head of line for a combination of pools.

    Attributes:
        owner: The process.
        address: Where to wake it.
        pools: The pools to book in.
        amounts: The amounts to book.
        priority: Lower goes first.
        arrival: Tick of the waiter's arrival.
        seen: Tick of the last renewal.
        until: Tick at which the process retries, unless woken before.
        waiting: Number of its calls that wait for these pools.
        fits_since: Tick since which it fits without leaving; 0 if it does not fit.
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
    def sort_key(self) -> tuple[int, int]:
        """Sort key of the queue's order."""
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
        """Valid tickets of other processes that precede ``ask`` and share a pool with it, in order."""
        pools = set(ask.pools)
        rows = [
            ticket
            for ticket in self.rows.values()
            if ticket.owner != owner
            and ticket.sort_key < ask.sort_key
            and now - ticket.seen <= TICKET_LEASE
            and not pools.isdisjoint(ticket.pools)
        ]
        return sorted(rows, key=lambda ticket: ticket.sort_key)

    def put(self, ticket: Ticket) -> bool:
        """Register or renew a ticket, and drop those not renewed for three leases; True if it came later."""
        key = ticket.owner, ticket.pools
        known = self.rows.get(key)
        if known is not None and known.arrival == ticket.arrival:
            ticket = ticket._replace(fits_since=known.fits_since)
        self.rows[key] = ticket
        now = ticket.seen
        for old in [k for k, t in self.rows.items() if not -TICKET_LEASE <= now - t.seen <= 3 * TICKET_LEASE]:
            del self.rows[old]
        return known is not None and known.sort_key < ticket.sort_key

    def mark(self, ticket: Ticket, fits_since: int) -> Ticket:
        """Set ``fits_since`` of a ticket; returns the new one."""
        marked = ticket._replace(fits_since=fits_since)
        self.rows[ticket.owner, ticket.pools] = marked
        return marked

    def of(self, owner: str) -> list[Ticket]:
        """The tickets of one process."""
        return [ticket for ticket in self.rows.values() if ticket.owner == owner]

    def drop(self, ticket: Ticket) -> None:
        """Remove a ticket that is obsolete or overtaken."""
        self.rows.pop((ticket.owner, ticket.pools), None)

    def dump(self) -> bytes:
        """Serialize for a store."""
        return json.dumps(list(self.rows.values()), separators=(",", ":")).encode()

    @classmethod
    def restore(cls, data: bytes) -> Tickets:
        """Deserialize; raises ValueError if damaged."""
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
    if max(checked.values(), default=0) > MAX_AMOUNT:
        raise ValueError("the queue holds an amount out of its range")
    return Ticket(str(owner), str(address), tuple(map(str, pools)), checked, *numbers)
