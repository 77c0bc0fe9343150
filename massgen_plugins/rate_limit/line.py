"""Who is next: one claim for each lane that waits, in the order of arrival.

A *lane* is a queue with one owner: one event loop of one process. It registers only its first waiter, so the
oldest of the claims is the oldest of all who wait, and the line is never longer than there are lanes. A claim
is a lease: an owner that was not seen for a second (a stopped process, a blocked loop) does not hold up the
others. It keeps its ticket, and has its place again as soon as it shows up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from massgen_plugins.quota import NANOSECONDS, Amounts

__all__ = ["LEASE", "NORMAL", "URGENT", "Bid", "Claim", "Line"]

URGENT, NORMAL = 0, 1
"""Priorities of bids: a call that blocks its event loop goes before all others."""

LEASE = NANOSECONDS
"""Nanoseconds for which a claim holds its place without its owner being seen."""


@dataclass(frozen=True, slots=True)
class Bid:
    """What one waiter asks for.

    Attributes:
        priority: Lower goes first: ``URGENT`` or ``NORMAL``.
        arrival: Tick at which the waiter came; its ticket.
        amounts: What it will take, by kind.
    """

    priority: int
    arrival: int
    amounts: Amounts

    @property
    def place(self) -> tuple[int, int]:
        """Sorts bids into the order of the line."""
        return self.priority, self.arrival


@dataclass(frozen=True, slots=True)
class Claim:
    """A lane's first waiter.

    Attributes:
        lane: Whose it is.
        bid: What that waiter asks for.
        seen: Tick at which the lane was last seen.
        waiting: How many wait in the lane.
    """

    lane: str
    bid: Bid
    seen: int
    waiting: int = 1


class Line:
    """The claims of all lanes of one scope."""

    __slots__ = ("claims",)

    def __init__(self, claims: dict[str, Claim] | None = None) -> None:
        self.claims: dict[str, Claim] = claims or {}

    def living(self, now: int) -> Iterator[Claim]:
        """The claims whose owner was seen within the lease."""
        return (claim for claim in self.claims.values() if now - claim.seen <= LEASE)

    def ahead_of(self, bid: Bid, lane: str, now: int) -> Iterator[Claim]:
        """The living claims of other lanes that come before ``bid``."""
        return (c for c in self.living(now) if c.lane != lane and c.bid.place < bid.place)

    def claim(self, lane: str, bid: Bid, now: int, waiting: int = 1) -> None:
        """Register a lane's first waiter, and forget lanes that were not seen for ten leases."""
        self.claims[lane] = Claim(lane, bid, now, waiting)
        for other in [c.lane for c in self.claims.values() if not -LEASE <= now - c.seen <= 10 * LEASE]:
            del self.claims[other]

    def leave(self, lane: str) -> None:
        """The lane waits no more."""
        self.claims.pop(lane, None)
