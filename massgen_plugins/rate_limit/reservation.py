"""What a call asks for, what the books hold for it, and the reservation that an admitted call gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from massgen_plugins.quota import NANOSECONDS, Amounts, Kind
from massgen_plugins.rate_limit.estimator import MAX_AMOUNT
from massgen_plugins.rate_limit.moment import NEVER, Moment

__all__ = ["NORMAL", "UNKNOWN", "URGENT", "WRITE_GRACE", "Ask", "Booking", "Reservation"]

WRITE_GRACE = NANOSECONDS // 20
"""Nanoseconds within which an admitted call may be written without a new stamp."""

UNKNOWN = -1
"""Arrival of a call that has not entered the queue yet."""

URGENT, NORMAL = 0, 1
"""Priorities: a call that blocks its event loop goes first."""


@dataclass(slots=True, eq=False)
class Ask:
    """A request for admission.

    Attributes:
        pools: Names of the pools to book in, the model's own first.
        amounts: Amount to book of each kind.
        arrival: Tick of arrival, which orders the queue; ``UNKNOWN`` until submitted.
        priority: ``URGENT`` or ``NORMAL``; lower goes first.
        expected: Kinds that are counted while the answer is produced.
        kept: Kinds that the provider never gives back.
        run: The MassGen run that the call belongs to.
        agent_id: The agent that makes the call; None outside of any agent's stream.
        call: Identifies the call across attempts; passed on when a wait is reported.
        paused: Nanoseconds for which the user had paused its pools: they do not count as waiting.
    """

    pools: tuple[str, ...]
    amounts: Amounts
    arrival: int = UNKNOWN
    priority: int = NORMAL
    expected: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    run: str = ""
    agent_id: str | None = None
    call: object = None
    paused: int = 0

    @property
    def sort_key(self) -> tuple[int, int]:
        """Sort key of the queue's order."""
        return self.priority, self.arrival


class Booking(NamedTuple):
    """What the books record of a call. Times are ticks, ``NEVER`` until known.

    Attributes:
        amounts: Booked amounts by kind; never mutated in place.
        expected: Kinds that are counted while the answer is produced.
        begun: Latest tick at which the request was written.
        answered: When the response headers arrived.
        seen: When its process last renewed the call's lease.
        ended: When the call ended.
        wall: The provider's time of writing, in nanoseconds since the epoch.
        slack: Nanoseconds by which that time may have been later.
    """

    amounts: Amounts
    expected: frozenset[str]
    begun: int
    answered: int
    seen: int
    ended: int
    wall: int
    slack: int


class Reservation:
    """An admitted call. Its methods record the call's progress, from any thread.

    Updates reach the store with its next transaction, or after a lull.

    Attributes:
        ask: The request that was admitted.
        booked: What the books record.
        epoch: Identifies the books that it is booked in.
        leased: Whether it holds anything until it ends.
        short_window: Whether it is booked in a window so short that an event loop may block for as long.
    """

    __slots__ = (
        "__weakref__",
        "_now",
        "_on_change",
        "_released",
        "_tick",
        "_written",
        "amounts",
        "answered_at",
        "ask",
        "begun",
        "booked",
        "ended",
        "epoch",
        "leased",
        "seen",
        "short_window",
        "slack",
        "wall",
    )

    def __init__(self, ask: Ask, booking: Booking, epoch: int = 0) -> None:
        self.ask = ask
        self.booked = booking
        self.epoch = epoch
        self.leased = self.short_window = self._released = self._written = False
        self.amounts, _, self.begun, self.answered_at, self.seen, self.ended, self.wall, self.slack = booking
        self._tick: Callable[[], int] = _no_clock
        self._now: Callable[[], Moment] = _no_moment
        self._on_change: Callable[[Reservation], None] = _ignore

    @property
    def booking(self) -> Booking:
        """The call's current state, which may be ahead of ``booked``."""
        return Booking(
            self.amounts,
            self.ask.expected,
            self.begun,
            self.answered_at,
            self.seen,
            self.ended,
            self.wall,
            self.slack,
        )

    @property
    def pools(self) -> tuple[str, ...]:
        """Names of the pools it is booked in."""
        return self.ask.pools

    @property
    def under_way(self) -> bool:
        """Whether it has neither ended nor been refused."""
        return self.ended == NEVER and self.amounts.get(Kind.CONCURRENT, 1) > 0

    @property
    def urgent(self) -> bool:
        """Whether other processes need its update soon; that it was answered frees room a window later."""
        changed = self.amounts is not self.booked.amounts or self.begun > self.booked.begun
        return changed or self.leased or self.short_window

    def attach(
        self, tick: Callable[[], int], now: Callable[[], Moment], on_change: Callable[[Reservation], None]
    ) -> None:
        """Read the time from ``tick`` and ``now``, and call ``on_change`` after every change."""
        self._tick, self._now, self._on_change = tick, now, on_change

    def written(self) -> None:
        """Record that the request is being written: the margin counts from now."""
        tick = self._tick()
        self._written = True
        if self.begun - WRITE_GRACE <= tick <= self.begun:
            self.begun = tick  # an earlier stamp is not urgent: it goes along with the next update
        elif tick > self.begun:
            now = self._now()
            self.begun, self.seen, self.wall, self.slack = now.tick, now.tick, now.wall, now.slack
            self._on_change(self)

    def postpone(self, tick: int) -> bool:
        """Move the stamp of an unwritten call past ``tick``; True if that changes what is booked."""
        late = not self._written and self.begun < tick and self.ended == NEVER
        if late:
            self.begun = tick + WRITE_GRACE
        return late

    @property
    def unwritten(self) -> bool:
        """Whether the admitted request has not been written yet."""
        return not self._written and self.ended == NEVER

    def answered(self) -> None:
        """Record the arrival of the response headers: the server has counted the call."""
        self._written = True
        self.answered_at = self._tick()
        self._on_change(self)

    def settle(self, used: Amounts) -> None:
        """Replace estimates with what the provider counted; the last report wins.

        Kept charges are only raised; kinds that were not charged are ignored.
        """
        known, kept = self.amounts, self.ask.kept
        amounts = dict(known)
        for kind, reported in used.items():
            if kind in amounts:
                amount = min(MAX_AMOUNT, max(0, reported))
                amounts[kind] = max(amount, amounts[kind]) if kind in kept else amount
        if amounts != known and not self._released:
            self.amounts = amounts
            self._on_change(self)

    def settle_all(self, used: Amounts) -> None:
        """Replace charges of any mode: the provider refused the call and took no more than this."""
        if not self._released:
            self.amounts = {**self.amounts, **used}
            self._on_change(self)

    def finished(self) -> None:
        """End the call: its answer was read, closed or lost. Only the first report counts."""
        if self.ended == NEVER:
            self.ended = self._tick() if self.leased else self.begun  # the exact time matters to leases only
            if self.leased:
                self._on_change(self)

    def release(self) -> None:
        """Give everything back: the request was never sent."""
        self._released = True
        self.amounts = dict.fromkeys(self.amounts, 0)
        self.ended = min(self.ended, self._tick())
        self._on_change(self)

    def renew(self) -> None:
        """Renew the leases of a call that is still under way."""
        if self.ended == NEVER:
            self.seen = self._tick()
            self._on_change(self)


def _no_clock() -> int:
    return 0


def _no_moment() -> Moment:
    return Moment(0, 0)


def _ignore(_: Reservation) -> None:
    """Stand in for the callback until :meth:`Reservation.attach`."""
