"""How providers count: four windows, as pure arithmetic over an explicit clock.

Every method takes ``now``, whole nanoseconds of any clock that never runs backwards; nothing here reads
a clock or waits. A window answers two questions: how long until an amount fits, and what is spent.
The judge shares no code with the limiter it judges.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

__all__ = [
    "NANOSECONDS",
    "PACIFIC",
    "CalendarDay",
    "FixedWindow",
    "SlidingWindow",
    "TokenBucket",
    "Window",
    "next_midnight",
]

NANOSECONDS = 1_000_000_000
PACIFIC = ZoneInfo("America/Los_Angeles")


class Window(Protocol):
    """One limit: an amount that may be spent per window."""

    def wait(self, now: int, amount: int) -> int | None:
        """Nanoseconds until ``amount`` fits: 0 if it fits now, ``None`` if it never will."""

    def take(self, now: int, amount: int) -> None:
        """Spend ``amount`` at ``now``, whether it fits or not."""


class SlidingWindow:
    """At most ``limit`` in every half-open interval ``(now - length, now]``."""

    def __init__(self, limit: int, length: int) -> None:
        self._limit = limit
        self._length = length
        self._spent: deque[tuple[int, int]] = deque()
        self._used = 0

    def wait(self, now: int, amount: int) -> int | None:
        if amount > self._limit:
            return None
        self._forget(now)
        excess = self._used + amount - self._limit
        free_at = now
        for moment, spent in self._spent:
            if excess <= 0:
                break
            excess -= spent
            free_at = moment + self._length
        return free_at - now

    def take(self, now: int, amount: int) -> None:
        self._forget(now)
        self._spent.append((now, amount))
        self._used += amount

    def _forget(self, now: int) -> None:
        while self._spent and self._spent[0][0] + self._length <= now:
            self._used -= self._spent.popleft()[1]


class FixedWindow:
    """At most ``limit`` per window; windows start at ``phase`` plus multiples of ``length``."""

    def __init__(self, limit: int, length: int, phase: int = 0) -> None:
        self._limit = limit
        self._length = length
        self._phase = phase
        self._current: int | None = None
        self._used = 0

    def wait(self, now: int, amount: int) -> int | None:
        if amount > self._limit:
            return None
        self._turn(now)
        if self._used + amount <= self._limit:
            return 0
        return self._length - (now - self._phase) % self._length

    def take(self, now: int, amount: int) -> None:
        self._turn(now)
        self._used += amount

    def _turn(self, now: int) -> None:
        current = (now - self._phase) // self._length
        if current != self._current:
            self._current, self._used = current, 0


class TokenBucket:
    """A bucket of ``limit``, full at first, that refills evenly at ``limit`` per ``length``.

    The level is kept multiplied by ``length``, so that refilling is exact in integers.
    """

    def __init__(self, limit: int, length: int) -> None:
        self._limit = limit
        self._length = length
        self._level = limit * length
        self._filled_at: int | None = None

    def wait(self, now: int, amount: int) -> int | None:
        if amount > self._limit:
            return None
        self._fill(now)
        missing = amount * self._length - self._level
        return 0 if missing <= 0 else -(-missing // self._limit)

    def take(self, now: int, amount: int) -> None:
        self._fill(now)
        self._level = max(0, self._level - amount * self._length)

    def _fill(self, now: int) -> None:
        if self._filled_at is not None:
            refilled = self._level + (now - self._filled_at) * self._limit
            self._level = min(self._limit * self._length, refilled)
        self._filled_at = now


class CalendarDay:
    """At most ``limit`` per calendar day of ``zone``.

    ``epoch`` is the Unix time, in nanoseconds, of the clock's zero. ``spent`` is gone from the first day.
    """

    def __init__(self, limit: int, epoch: int, spent: int = 0, zone: ZoneInfo = PACIFIC) -> None:
        self._limit = limit
        self._epoch = epoch
        self._zone = zone
        self._used = spent
        self._ends: int | None = None

    def wait(self, now: int, amount: int) -> int | None:
        if amount > self._limit:
            return None
        ends = self._turn(now)
        return 0 if self._used + amount <= self._limit else ends - now

    def take(self, now: int, amount: int) -> None:
        self._turn(now)
        self._used += amount

    def _turn(self, now: int) -> int:
        if self._ends is not None and now < self._ends:
            return self._ends
        if self._ends is not None:
            self._used = 0
        self._ends = next_midnight(self._epoch + now, self._zone) - self._epoch
        return self._ends


def next_midnight(unix: int, zone: ZoneInfo = PACIFIC) -> int:
    """Unix time, in nanoseconds, of the first midnight in ``zone`` after ``unix`` (also nanoseconds)."""
    today = datetime.fromtimestamp(unix // NANOSECONDS, zone).date()
    midnight = datetime.combine(today + timedelta(days=1), time(), tzinfo=zone)
    return int(midnight.timestamp()) * NANOSECONDS
