"""Who is next: one claim for each lane that waits, in the order of arrival.

A *lane* is a queue with one owner: one event loop of one process. It registers only its first waiter, so the
oldest of the claims is the oldest of all who wait, and the line is never longer than there are lanes.

A claim is a lease. The owner of the first one that does not take what is there for it (a stopped process, a
blocked loop) loses its place after ``PATIENCE``, and one that was not seen for ``LEASE`` has none. It keeps
its ticket, and has its place again as soon as it shows up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from massgen_plugins.quota import NANOSECONDS, Amounts

__all__ = ["LEASE", "NORMAL", "PATIENCE", "RENEWAL", "URGENT", "Bid", "Claim", "Line", "LineSnapshot"]

URGENT, NORMAL = 0, 1
"""Priorities of bids: a call that blocks its event loop goes before all others."""

RENEWAL = 5 * NANOSECONDS
"""Nanoseconds after which a lane that waits shows itself again."""

LEASE = 3 * RENEWAL
"""Nanoseconds for which a claim holds its place without its owner being seen."""

PATIENCE = NANOSECONDS // 10
"""Nanoseconds for which others wait for the first one to take what is there for it."""


_NEVER = 1 << 62


class Bid(NamedTuple):
    """What one waiter asks for. A tuple, as claims are, since those of all are read whenever one changes.

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


class Claim(NamedTuple):
    """A lane's first waiter.

    Attributes:
        lane: Whose it is.
        bid: What that waiter asks for.
        seen: Tick at which the lane was last seen.
        waiting: How many wait in the lane.
        until: Tick at which the lane asks again, if nobody wakes it before.
    """

    lane: str
    bid: Bid
    seen: int
    waiting: int = 1
    until: int = 0


Stalled = tuple[str, int, int]

LineSnapshot = tuple[tuple[Claim, ...], Stalled | None]


class Line:
    """The claims of all lanes of one scope.

    Attributes:
        claims: One for each lane that waits.
        stalled: The first bid that could leave but did not: its lane, its arrival, and the tick from which on
            it was seen to; None if there is none.
    """

    __slots__ = ("claims", "stalled")

    def __init__(self, claims: dict[str, Claim] | None = None, stalled: Stalled | None = None) -> None:
        self.claims: dict[str, Claim] = claims or {}
        self.stalled = stalled

    def snapshot(self) -> LineSnapshot:
        """All of it, to be compared with another moment's."""
        return tuple(self.claims.values()), self.stalled

    @property
    def patience_ends(self) -> int:
        """Tick at which the first one loses its place, if it could leave all the time."""
        return self.stalled[2] + PATIENCE if self.stalled else _NEVER

    def living(self, now: int) -> Iterator[Claim]:
        """The claims whose owner was seen within the lease."""
        return (claim for claim in self.claims.values() if now - claim.seen <= LEASE)

    def first(self) -> Claim | None:
        """Whose turn it is."""
        return min(self.claims.values(), key=lambda claim: claim.bid.place, default=None)

    def ahead_of(self, bid: Bid, lane: str, now: int) -> list[Claim]:
        """The living claims of other lanes that come before ``bid``, in their order."""
        claims = [c for c in self.living(now) if c.lane != lane and c.bid.place < bid.place]
        return sorted(claims, key=lambda claim: claim.bid.place)

    def overtake(self, first: Claim, now: int, *, fits: bool) -> bool:
        """Take the place of the first one if it could leave for so long, but does not; True if it is done."""
        if not fits:
            self.stalled = None
            return False
        who = first.lane, first.bid.arrival
        if self.stalled is None or self.stalled[:2] != who:
            self.stalled = (*who, now)
            return False
        if now - self.stalled[2] < PATIENCE:
            return False
        self.leave(first.lane)
        return True

    def excuse(self) -> None:
        """Nobody can leave now, so nobody is late."""
        self.stalled = None

    def claim(self, lane: str, bid: Bid, now: int, waiting: int = 1, wake: int = 0) -> None:
        """Register a lane's first waiter, and forget lanes that were not seen for three leases."""
        self.claims[lane] = Claim(lane, bid, now, waiting, min(wake, now + RENEWAL))
        for other in [c.lane for c in self.claims.values() if not -LEASE <= now - c.seen <= 3 * LEASE]:
            del self.claims[other]

    def will_ask(self, lane: str, until: int) -> None:
        """A lane that waits asks again at another tick than it said."""
        self.claims[lane] = self.claims[lane]._replace(until=until)

    def leave(self, lane: str) -> None:
        """The lane waits no more."""
        if self.claims.pop(lane, None) is not None and self.stalled and self.stalled[0] == lane:
            self.stalled = None
