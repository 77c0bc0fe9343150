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

_MOST_TICKETS = 1000
"""Of one process: as many combinations of pools."""


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
        fits_since: Tick since which it fits without leaving, as others see it; 0 if it does not fit.
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

    def renew_at(self, waiting: int) -> int:
        """Tick at which it is to be renewed, if nothing but the number of waiting calls changes."""
        return self.seen + (RENEWAL if waiting == self.waiting else NANOSECONDS)

    def stands_for(self, new: Ticket) -> bool:
        """Whether ``new`` says so little else that the other processes need not hear of it.

        To retry earlier than they expect does no harm. Later would: they would not wake it in between.
        """
        until = max(0, min(new.until, self.seen + RENEWAL))
        same = self._replace(seen=new.seen, until=new.until, waiting=new.waiting)
        in_time = 0 <= self.until - until <= PATIENCE
        return same == new and in_time and new.seen < self.renew_at(new.waiting)


class Tickets:
    """The tickets of one domain.

    Attributes:
        rows: By owner, then by pools; without owners that have none.
    """

    def __init__(self) -> None:
        self.rows: dict[str, dict[tuple[str, ...], Ticket]] = {}
        self._left: dict[str, int] = {}  # processes without a ticket: since when, as far as known
        self._gone: set[str] = set()  # those of which nothing needs to be kept

    def __iter__(self) -> Iterator[Ticket]:
        return (ticket for rows in self.rows.values() for ticket in rows.values())

    @property
    def owners(self) -> set[str]:
        """The processes whose tickets a store keeps."""
        return self.rows.keys() | self._left.keys()

    def find(self, owner: str, pools: tuple[str, ...]) -> Ticket | None:
        """The ticket of a process for a combination of pools."""
        return self.rows.get(owner, {}).get(pools)

    def ahead_of(self, ask: Ask, owner: str, now: int) -> list[Ticket]:
        """Valid tickets of other processes that precede ``ask`` and share a pool with it, in order."""
        pools = set(ask.pools)
        rows = [
            ticket
            for ticket in self
            if ticket.owner != owner
            and ticket.sort_key < ask.sort_key
            and now - ticket.seen <= TICKET_LEASE
            and not pools.isdisjoint(ticket.pools)
        ]
        return sorted(rows, key=lambda ticket: ticket.sort_key)

    def put(self, ticket: Ticket) -> bool:
        """Register or renew a ticket; True if it came later than the one that it replaces."""
        known = self.find(ticket.owner, ticket.pools)
        self.rows.setdefault(ticket.owner, {})[ticket.pools] = ticket
        self._left.pop(ticket.owner, None)
        return known is not None and known.sort_key < ticket.sort_key

    def drop_old(self, owner: str, now: int) -> set[str]:
        """Drop what other processes than ``owner`` have left behind; returns whose.

        Tickets go three leases after their last renewal. Of a process without any, nothing is kept a lease
        after that was first noticed: by then the others have noticed, too.
        """
        old = [ticket for ticket in self if not -TICKET_LEASE <= now - ticket.seen <= 3 * TICKET_LEASE]
        for ticket in old:
            self.drop(ticket)
        for process, since in self._left.items():
            self._left[process] = min(since, now)
        gone = {process for process, since in self._left.items() if now - since > TICKET_LEASE} - {owner}
        for process in gone:
            del self._left[process]
        self._gone |= gone
        return gone | {ticket.owner for ticket in old}

    def replace(self, ticket: Ticket, **fields: int) -> None:
        """Change fields of a ticket."""
        self.rows[ticket.owner][ticket.pools] = ticket._replace(**fields)  # type: ignore[arg-type] # numbers

    def of(self, owner: str) -> list[Ticket]:
        """The tickets of one process."""
        return list(self.rows.get(owner, {}).values())

    def drop(self, ticket: Ticket) -> None:
        """Remove a ticket that is obsolete or overtaken."""
        rows = self.rows.get(ticket.owner, {})
        rows.pop(ticket.pools, None)
        if not rows:
            self.rows.pop(ticket.owner, None)

    def dump(self, owner: str) -> bytes | None:
        """Serialize a process's tickets for a store; None if nothing needs to be kept."""
        rows = self.of(owner)
        if not rows and owner in self._gone:
            return None
        return json.dumps(rows, separators=(",", ":")).encode()

    def restore(self, owner: str, data: bytes) -> None:
        """Replace a process's tickets; raises ValueError if damaged."""
        try:
            rows = [_read(*row) for row in json.loads(data)[:_MOST_TICKETS]]
        except (AttributeError, TypeError, LookupError, RecursionError) as error:
            raise ValueError(f"the queue is damaged: {type(error).__name__}") from None
        self.clear(owner)
        if rows:
            self.rows[owner] = {ticket.pools: ticket._replace(owner=owner) for ticket in rows}
        else:
            self._left[owner] = NEVER

    def clear(self, owner: str) -> None:
        """Forget a process's tickets."""
        self.rows.pop(owner, None)
        self._left.pop(owner, None)
        self._gone.discard(owner)


def _read(owner: Any, address: Any, pools: Any, amounts: Any, *numbers: Any) -> Ticket:
    checked = {str(kind): amount for kind, amount in amounts.items()}
    for number in (*numbers, *checked.values()):
        if type(number) is not int or not 0 <= number <= NEVER:
            raise ValueError("the queue holds a number out of its range")
    if max(checked.values(), default=0) > MAX_AMOUNT:
        raise ValueError("the queue holds an amount out of its range")
    return Ticket(str(owner), str(address), tuple(map(str, pools)), checked, *numbers)
