"""What a server may have counted, and when a call may no longer be kept waiting: by brute force.

It shares no code with the limiter but the values of ``quota``. A call is counted at the server at some moment
between the writing of its request and the margin after it, or the arrival of its answer if that is sooner;
which moment, is the adversary's choice: a window is as full as any such choice can make it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from massgen_plugins.quota import DAY, NANOSECONDS, Amounts, CalendarDay, Limit, Sliding

__all__ = ["GRACE", "MARGIN", "Call", "Reference"]

MARGIN = 2 * NANOSECONDS
"""Nanoseconds that a call of a minute's window may take to the server's count."""

GRACE = NANOSECONDS // 20
"""Nanoseconds for which an admitted call may stay unwritten without its margin beginning anew."""

_STEPS = 128
"""A window is kept in no fewer steps; a call that shares its step ages out one step late at most."""


@dataclass(eq=False)
class Call:
    """An admitted call, as the one who made it and the server know it. Times are ticks.

    Attributes:
        amounts: The estimate; after it was settled, what the server counted.
        admitted: When it was allowed to leave.
        written: When its request was written; None: the server does not know of it.
        arrived: When its answer came.
        reported: Whether the store has been told of the answer.
        released: Whether the store has been told that it was never sent.
    """

    amounts: Amounts
    admitted: int
    written: int | None = None
    arrived: int | None = None
    reported: bool = False
    released: bool = False

    @property
    def counted_from(self) -> int:
        """The earliest moment at which the server can have counted it."""
        assert self.written is not None
        return self.written

    @property
    def counted_by(self) -> int:
        """The latest one."""
        latest = self.counted_from + MARGIN
        return latest if self.arrived is None else min(latest, self.arrived)

    @property
    def stamp(self) -> int:
        """From when on it has to age out, one window later, for a store that knows what it was told."""
        latest = max(self.admitted + GRACE, self.written or 0) + MARGIN
        return min(latest, self.arrived) if self.reported and self.arrived is not None else latest


class Reference:
    """All calls of one scope.

    Args:
        limits: What holds.
        wall: Nanoseconds since the epoch at tick zero, on the server's clock.
    """

    def __init__(self, limits: Iterable[Limit], wall: int) -> None:
        self.limits = tuple(limits)
        self.calls: list[Call] = []
        self._wall = wall

    def fullest(self, limit: Limit, now: int) -> int:
        """The most that any window of this limit that is not long over can have held at the server."""
        span = DAY.length if isinstance(limit.window, CalendarDay) else limit.window.length
        kept = [call for call in self.calls if call.written is not None and not call.released]
        sent = [call for call in kept if call.counted_by > now - 2 * span]
        if isinstance(limit.window, CalendarDay):
            zone = ZoneInfo(limit.window.zone)
            days = [(self._day(c.counted_from, zone), self._day(c.counted_by, zone), c) for c in sent]
            held = (
                sum(c.amounts.get(limit.kind, 0) for first, last, c in days if first <= day <= last)
                for day in {day for first, last, _ in days for day in (first, last)}
            )
            return max(held, default=0)
        # A window is fullest when it begins just as the first of its calls can still be counted.
        return max((self._held(sent, limit, limit.window, call.counted_by) for call in sent), default=0)

    def surely_fits(self, amounts: Amounts, now: int) -> bool:
        """Whether a call fits however late the others age out: then it must not be kept waiting."""
        return all(
            self._most(limit, now) + amounts.get(limit.kind, 0) <= limit.amount for limit in self.limits
        )

    def day_may_be_spent(self, amounts: Amounts, now: int) -> bool:
        """Whether there is a daily limit that a call might pass."""
        return any(
            self._most(limit, now) + amounts.get(limit.kind, 0) > limit.amount
            for limit in self.limits
            if isinstance(limit.window, CalendarDay)
        )

    def same_day(self, earlier: int, later: int) -> bool:
        """Whether two ticks belong to the same day everywhere that counts."""
        zones = [ZoneInfo(each.window.zone) for each in self.limits if isinstance(each.window, CalendarDay)]
        return all(self._day(earlier, zone) == self._day(later, zone) for zone in zones)

    def _most(self, limit: Limit, now: int) -> int:
        """The most that a store may still hold against a limit."""
        kept = [call for call in self.calls if not call.released]
        if isinstance(limit.window, CalendarDay):
            zone = ZoneInfo(limit.window.zone)
            today = self._day(now, zone), self._day(now + GRACE + MARGIN, zone)
            # Close to midnight a call counts in both days.
            kept = [
                c
                for c in kept
                for day in [self._day(c.admitted + GRACE + MARGIN, zone)]
                if self._day(c.admitted, zone) in today or day in today
            ]
        else:
            late = limit.window.length // _STEPS
            kept = [c for c in kept if c.stamp + limit.window.length + late > now]
        return sum(call.amounts.get(limit.kind, 0) for call in kept)

    @staticmethod
    def _held(sent: Iterable[Call], limit: Limit, window: Sliding, start: int) -> int:
        inside = (c for c in sent if c.counted_by >= start and c.counted_from < start + window.length)
        return sum(call.amounts.get(limit.kind, 0) for call in inside)

    def _day(self, tick: int, zone: ZoneInfo) -> int:
        return _day_of((self._wall + tick) // 1_000_000_000, zone)


@lru_cache(maxsize=10_000)
def _day_of(second: int, zone: ZoneInfo) -> int:
    return (datetime.fromtimestamp(0, UTC) + timedelta(seconds=second)).astimezone(zone).toordinal()
