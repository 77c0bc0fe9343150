"""What an admitted call holds: how much of which kinds, since when, and what has become of it by now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from massgen_plugins.quota import NANOSECONDS, Amounts, Kind
from massgen_plugins.rate_limit.estimator import MOST
from massgen_plugins.rate_limit.moment import NEVER, Moment

__all__ = ["NORMAL", "UNKNOWN", "URGENT", "WRITE_GRACE", "Ask", "Booking", "Reservation"]

WRITE_GRACE = NANOSECONDS // 20
"""How long, in nanoseconds, an admitted call may take until it is written without being stamped anew."""


UNKNOWN = -1
"""The arrival of a call that was not asked for yet."""

URGENT, NORMAL = 0, 1
"""Priorities: a call that blocks its event loop goes before all others."""


@dataclass(slots=True, eq=False)
class Ask:
    """One call that wants to leave. It is not changed once it was asked for.

    Attributes:
        pools: Names of the pools that it books in, its model's own first.
        amounts: What it takes of each kind.
        arrival: Tick at which it came: its place in the queue. ``UNKNOWN`` until it is asked for.
        priority: ``URGENT`` or ``NORMAL``; lower goes first.
        expected: The kinds that are counted while the answer is produced.
        kept: The kinds of which the provider gives nothing back.
        run: Names the MassGen run that it belongs to.
        agent_id: Whose it is; None outside of any agent's stream.
        call: Tells calls apart when they are asked for again, and is handed on to who is told of a wait.
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

    @property
    def place(self) -> tuple[int, int]:
        """Sorts asks into the order of the queue."""
        return self.priority, self.arrival


class Booking(NamedTuple):
    """What the books say of a call. Times are ticks, ``NEVER`` until they are known.

    Attributes:
        amounts: What it takes, by kind; never changed in place.
        expected: The kinds that are counted while the answer is produced.
        begun: When it was written, at the latest.
        answered: When the answer's headers were here.
        seen: When its process last showed that the call is under way.
        over: When the call was over.
        wall: The provider's time when it was written, in nanoseconds since the epoch.
        slack: Nanoseconds by which it may have been later.
    """

    amounts: Amounts
    expected: frozenset[str]
    begun: int
    answered: int
    seen: int
    over: int
    wall: int
    slack: int


class Reservation:
    """An admitted call. It reports by itself: each method notes what is true by now, from any thread.

    What is noted reaches the store with its next transaction, or after a lull.

    Attributes:
        ask: What was asked for.
        booked: What the books say.
        epoch: Which books; it is not found in others.
        leased: Whether it holds anything until it is over.
        hasty: Whether it is booked in a window so short that an event loop may stand still for as long.
        noted: Whether its queue knows already that something has become true of it.
    """

    __slots__ = (
        "__weakref__",
        "_note",
        "_now",
        "_released",
        "_tick",
        "_written",
        "amounts",
        "answered_at",
        "ask",
        "begun",
        "booked",
        "epoch",
        "hasty",
        "leased",
        "noted",
        "over",
        "seen",
        "slack",
        "wall",
    )

    def __init__(self, ask: Ask, booking: Booking, epoch: int = 0) -> None:
        self.ask = ask
        self.booked = booking
        self.epoch = epoch
        self.leased = self.hasty = self.noted = self._released = self._written = False
        self.amounts, _, self.begun, self.answered_at, self.seen, self.over, self.wall, self.slack = booking
        self._tick: Callable[[], int] = _no_clock
        self._now: Callable[[], Moment] = _no_moment
        self._note: Callable[[Reservation], None] = _nobody

    @property
    def booking(self) -> Booking:
        """What is true of it now."""
        return Booking(
            self.amounts,
            self.ask.expected,
            self.begun,
            self.answered_at,
            self.seen,
            self.over,
            self.wall,
            self.slack,
        )

    @property
    def pools(self) -> tuple[str, ...]:
        """Names of the pools that it is booked in."""
        return self.ask.pools

    @property
    def under_way(self) -> bool:
        """Whether it is neither over nor refused."""
        return self.over == NEVER and self.amounts.get(Kind.CONCURRENT, 1) > 0

    def attach(
        self, tick: Callable[[], int], now: Callable[[], Moment], note: Callable[[Reservation], None]
    ) -> None:
        """Read the time from ``tick`` and ``now``, and tell ``note`` of every change."""
        self._tick, self._now, self._note = tick, now, note

    def written(self) -> None:
        """The request is being written now: the margin counts from here, however long it took to get here."""
        tick = self._tick()
        self._written = True
        if self.begun - WRITE_GRACE <= tick <= self.begun:
            self.begun = tick  # told with what is noted next: an earlier stamp can wait
        elif tick > self.begun:
            now = self._now()
            self.begun, self.seen, self.wall, self.slack = now.tick, now.tick, now.wall, now.slack
            self._note(self)

    def postpone(self, tick: int) -> bool:
        """What is not written by now will be counted later; True if that changes what is booked."""
        late = not self._written and self.begun < tick and self.over == NEVER
        if late:
            self.begun = tick + WRITE_GRACE
        return late

    @property
    def waits_to_be_written(self) -> bool:
        """Whether it was admitted, and is not written yet."""
        return not self._written and self.over == NEVER

    def answered(self) -> None:
        """The answer's headers are here, so the server has counted the call."""
        self._written = True
        self.answered_at = self._tick()
        self._note(self)

    def settle(self, used: Amounts) -> None:
        """Replace estimates by what the provider counted; the last report is the true one.

        Kinds whose charge is kept are only raised; kinds that were not charged are not booked.
        """
        known, kept = self.amounts, self.ask.kept
        amounts = dict(known)
        for kind, reported in used.items():
            if kind in amounts:
                amount = min(MOST, max(0, reported))
                amounts[kind] = max(amount, amounts[kind]) if kind in kept else amount
        if amounts != known and not self._released:
            self.amounts = amounts
            self._note(self)

    def settle_all(self, used: Amounts) -> None:
        """Replace charges of any mode: the provider has refused the call, and taken no more than this."""
        if not self._released:
            self.amounts = {**self.amounts, **used}
            self._note(self)

    def finished(self) -> None:
        """The call is over: its answer was read, closed or lost. Only the first report counts."""
        if self.over == NEVER:
            self.over = self._tick() if self.leased else self.begun  # else nobody asks when it was
            if self.leased:
                self._note(self)

    def release(self) -> None:
        """The request was never sent: it took nothing."""
        self._released = True
        self.amounts = dict.fromkeys(self.amounts, 0)
        self.over = min(self.over, self._tick())
        self._note(self)

    def renew(self) -> None:
        """The call is still under way: its leases begin anew."""
        if self.over == NEVER:
            self.seen = self._tick()
            self._note(self)


def _no_clock() -> int:
    return 0


def _no_moment() -> Moment:
    return Moment(0, 0)


def _nobody(_: Reservation) -> None:
    """Until it is attached, there is nobody to tell."""
