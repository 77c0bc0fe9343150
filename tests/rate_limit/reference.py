"""What a server may have counted, and when a call may no longer be kept waiting: by brute force.

It shares no code with the limiter but the values of ``quota``. A call is counted at the server at some moment
between the writing of its request and the margin after it, or the arrival of its answer if that is sooner;
which moment, is the adversary's choice: a window is as full as any such choice can make it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from massgen_plugins.quota import DAY, NANOSECONDS, Amounts, Bucket, CalendarDay, Held, Limit, Sliding

__all__ = ["GRACE", "MARGIN", "Call", "Reference"]

MARGIN = 2 * NANOSECONDS
"""Nanoseconds that a call of a minute's window may take to the server's count."""

GRACE = NANOSECONDS // 20
"""Nanoseconds for which an admitted call may stay unwritten without its margin beginning anew."""

_STEPS = 128
"""A window is kept in no fewer steps; a call that shares its step ages out one step late at most."""

_PLACE_MARGIN = NANOSECONDS * 3 // 20
"""Nanoseconds after the end of a call by which the server has given its place to others."""

_PLACE_STEP = NANOSECONDS // 100
"""Nanoseconds within which places are given back together, when the last of them is."""

_LEASE = 60 * NANOSECONDS
"""Nanoseconds for which a place is held for a process that has died."""


@dataclass(eq=False)
class Call:
    """An admitted call, as the one who made it and the server know it. Times are ticks.

    Attributes:
        pools: What it books in.
        amounts: The estimate; after it was settled, what the server counted.
        admitted: When it was allowed to leave.
        written: When its request was written; None: the server does not know of it.
        arrived: When its answer came.
        over: When its answer was read, or lost.
        died: When its process was killed.
        reported: Whether the store has been told of the answer.
        released: Whether the store has been told that it was never sent.
    """

    pools: tuple[str, ...]
    amounts: Amounts
    admitted: int
    written: int | None = None
    arrived: int | None = None
    over: int | None = None
    died: int | None = None
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

    def holds_place(self, now: int) -> bool:
        """Whether it may have a place at the server."""
        ends = [end for end in (self.over, self.died) if end is not None]
        return self.counted_from <= now and all(now < end + _PLACE_MARGIN for end in ends)

    def keeps_place(self, now: int) -> bool:
        """Whether a store may still hold a place for it."""
        if self.over is not None:
            return now <= self.over + _PLACE_MARGIN + _PLACE_STEP
        return self.died is None or now <= self.died + GRACE + _LEASE + _PLACE_STEP


class Reference:
    """All calls of one domain.

    Args:
        limits: What holds in each pool.
        wall: Nanoseconds since the epoch at tick zero, on the server's clock.
    """

    def __init__(self, limits: Mapping[str, Sequence[Limit]], wall: int) -> None:
        self.limits = limits
        self.calls: list[Call] = []
        self._wall = wall

    def fullest(self, pool: str, limit: Limit, now: int) -> int:
        """The most that any window of this limit that is not long over can have held at the server."""
        window = limit.window
        span = window.length if isinstance(window, Sliding | Bucket) else DAY.length
        kept = [call for call in self._calls_of(pool) if call.written is not None]
        sent = [call for call in kept if call.counted_by > now - 2 * span]
        match window:
            case CalendarDay(zone):
                return self._fullest_day(sent, limit, ZoneInfo(zone))
            case Held():  # a place is taken when a call begins
                return max((self._places(sent, limit, call.counted_from) for call in sent), default=0)
            case Bucket():
                levels = (_level(_counted_by(sent, c.counted_from), limit, c.counted_from) for c in sent)
                return max(levels, default=0)
            case Sliding(length):
                # A window is fullest when it begins just as the first of its calls can still be counted.
                return max((self._held(sent, limit, length, call.counted_by) for call in sent), default=0)
        raise AssertionError(window)

    def surely_fits(self, pools: Iterable[str], amounts: Amounts, now: int) -> bool:
        """Whether a call fits however late the others age out: then it must not be kept waiting."""
        return all(
            self._most(pool, limit, now) + amounts.get(limit.kind, 0) <= limit.amount
            for pool in pools
            for limit in self.limits[pool]
        )

    def day_may_be_spent(self, pools: Iterable[str], amounts: Amounts, now: int) -> bool:
        """Whether there is a daily limit that a call might pass."""
        return any(
            self._most(pool, limit, now) + amounts.get(limit.kind, 0) > limit.amount
            for pool in pools
            for limit in self.limits[pool]
            if isinstance(limit.window, CalendarDay)
        )

    def same_day(self, earlier: int, later: int) -> bool:
        """Whether two ticks belong to the same day everywhere that counts."""
        windows = [limit.window for limits in self.limits.values() for limit in limits]
        zones = [ZoneInfo(window.zone) for window in windows if isinstance(window, CalendarDay)]
        return all(self._day(earlier, zone) == self._day(later, zone) for zone in zones)

    def _most(self, pool: str, limit: Limit, now: int) -> int:
        """The most that a store may still hold against a limit."""
        kept, window = self._calls_of(pool), limit.window
        match window:
            case CalendarDay(zone):
                kept = self._of_today(kept, now, ZoneInfo(zone))
            case Held():
                kept = [call for call in kept if call.keeps_place(now)]
            case Bucket(length):
                rows = [(min(now, call.stamp + length // _STEPS), call) for call in kept]
                return _level(rows, limit, now) + 1  # what leaks is rounded to nanoseconds
            case Sliding(length):
                kept = [call for call in kept if call.stamp + length + length // _STEPS > now]
        return sum(call.amounts.get(limit.kind, 0) for call in kept)

    def _of_today(self, calls: Iterable[Call], now: int, zone: ZoneInfo) -> list[Call]:
        """Close to midnight a call counts in both days."""
        today = self._day(now, zone), self._day(now + GRACE + MARGIN, zone)
        return [
            call
            for call in calls
            for day in [self._day(call.admitted + GRACE + MARGIN, zone)]
            if self._day(call.admitted, zone) in today or day in today
        ]

    def _calls_of(self, pool: str) -> list[Call]:
        return [call for call in self.calls if pool in call.pools and not call.released]

    def _fullest_day(self, sent: Iterable[Call], limit: Limit, zone: ZoneInfo) -> int:
        days = [(self._day(c.counted_from, zone), self._day(c.counted_by, zone), c) for c in sent]
        held = (
            sum(c.amounts.get(limit.kind, 0) for first, last, c in days if first <= day <= last)
            for day in {day for first, last, _ in days for day in (first, last)}
        )
        return max(held, default=0)

    @staticmethod
    def _places(sent: Iterable[Call], limit: Limit, now: int) -> int:
        return sum(call.amounts.get(limit.kind, 0) for call in sent if call.holds_place(now))

    @staticmethod
    def _held(sent: Iterable[Call], limit: Limit, length: int, start: int) -> int:
        inside = (c for c in sent if c.counted_by >= start and c.counted_from < start + length)
        return sum(call.amounts.get(limit.kind, 0) for call in inside)

    def _day(self, tick: int, zone: ZoneInfo) -> int:
        return _day_of((self._wall + tick) // 1_000_000_000, zone)


def _counted_by(sent: Iterable[Call], now: int) -> list[tuple[int, Call]]:
    """When calls that may be counted by ``now`` are: as late as possible."""
    return [(min(now, call.counted_by), call) for call in sent if call.counted_from <= now]


def _level(rows: Iterable[tuple[int, Call]], limit: Limit, now: int) -> int:
    """What is in a bucket that these calls were put into; it leaks its whole amount within its length."""
    assert isinstance(limit.window, Bucket)
    length = limit.window.length
    level, last = 0, 0  # in units of one ``length``-th
    for when, call in sorted(rows, key=lambda row: row[0]):
        level = max(0, level - (when - last) * limit.amount)
        level, last = level + call.amounts.get(limit.kind, 0) * length, when
    return -(-max(0, level - (now - last) * limit.amount) // length)


@lru_cache(maxsize=10_000)
def _day_of(second: int, zone: ZoneInfo) -> int:
    return (datetime.fromtimestamp(0, UTC) + timedelta(seconds=second)).astimezone(zone).toordinal()
