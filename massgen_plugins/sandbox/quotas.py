"""The providers' counting: five kinds of windows, as pure arithmetic.

Every method takes ``now``, integer nanoseconds of any monotonic clock; nothing here reads a clock or waits. A
window tells how long until an amount fits, the amount used, and when all is available again.
The sandbox shares no code with the limiter that it tests.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

__all__ = [
    "NANOSECONDS",
    "PACIFIC",
    "CalendarDay",
    "FixedWindow",
    "Places",
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
        """Spend ``amount`` at ``now``, even if it does not fit."""

    def correct(self, at: int, now: int, delta: int) -> None:
        """Change the amount taken at the earlier time ``at`` by ``delta``, unless it has aged out."""

    def used(self, now: int) -> int:
        """The amount in use."""

    def full_in(self, now: int) -> int:
        """Nanoseconds until the whole limit is available, if nothing more is spent."""


class SlidingWindow:
    """At most ``limit`` in every half-open interval ``(now - length, now]``."""

    def __init__(self, limit: int, length: int) -> None:
        self._limit = limit
        self._length = length
        self._spent: dict[int, int] = {}
        self._used = 0

    def wait(self, now: int, amount: int) -> int | None:
        if amount > self._limit:
            return None
        excess = self.used(now) + amount - self._limit
        free_at = now
        for moment, spent in self._spent.items():
            if excess <= 0:
                break
            excess -= spent
            free_at = moment + self._length
        return free_at - now

    def take(self, now: int, amount: int) -> None:
        self.used(now)
        self._spent[now] = self._spent.get(now, 0) + amount
        self._used += amount

    def correct(self, at: int, now: int, delta: int) -> None:
        self.used(now)
        if at in self._spent:
            self._spent[at] += delta
            self._used += delta

    def used(self, now: int) -> int:
        while self._spent:
            oldest = next(iter(self._spent))
            if oldest + self._length > now:
                break
            self._used -= self._spent.pop(oldest)
        return self._used

    def full_in(self, now: int) -> int:
        self.used(now)
        newest = next(reversed(self._spent), now - self._length)
        return newest + self._length - now


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
        return 0 if self.used(now) + amount <= self._limit else self._rest(now)

    def take(self, now: int, amount: int) -> None:
        self._used = self.used(now) + amount

    def correct(self, at: int, now: int, delta: int) -> None:
        self.used(now)
        if self._number(at) == self._current:
            self._used += delta

    def used(self, now: int) -> int:
        current = self._number(now)
        if current != self._current:
            self._current, self._used = current, 0
        return self._used

    def full_in(self, now: int) -> int:
        return self._rest(now) if self.used(now) > 0 else 0

    def _number(self, now: int) -> int:
        return (now - self._phase) // self._length

    def _rest(self, now: int) -> int:
        return self._length - (now - self._phase) % self._length


class TokenBucket:
    """A bucket of ``limit``, initially full, that refills evenly at ``limit`` per ``length``.

    The level is stored multiplied by ``length``, so that refilling is exact in integers. Overspending leaves
    a debt, which the refill covers first.
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
        self._level -= amount * self._length

    def correct(self, at: int, now: int, delta: int) -> None:
        self._fill(now)
        self._level = min(self._limit * self._length, self._level - delta * self._length)

    def used(self, now: int) -> int:
        self._fill(now)
        return -((self._level - self._limit * self._length) // self._length)

    def full_in(self, now: int) -> int:
        self._fill(now)
        missing = self._limit * self._length - self._level
        return -(-missing // self._limit) if missing and self._limit else 0

    def _fill(self, now: int) -> None:
        if self._filled_at is not None:
            refilled = self._level + (now - self._filled_at) * self._limit
            self._level = min(self._limit * self._length, refilled)
        self._filled_at = now


class Places:
    """At most ``limit`` concurrently: amounts are held until corrected to zero."""

    HINT = NANOSECONDS
    """The stated delay, since it is unknown when a place will be free."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0

    def wait(self, now: int, amount: int) -> int | None:
        if amount > self._limit:
            return None
        return 0 if self._used + amount <= self._limit else self.HINT

    def take(self, now: int, amount: int) -> None:
        self._used += amount

    def correct(self, at: int, now: int, delta: int) -> None:
        self._used += delta

    def used(self, now: int) -> int:
        return self._used

    def full_in(self, now: int) -> int:
        return self.HINT if self._used else 0


class CalendarDay:
    """At most ``limit`` per calendar day of ``zone``.

    ``epoch``: Unix time of the clock's zero, in nanoseconds. ``spent``: amount used up on the first day.
    """

    def __init__(self, limit: int, epoch: int, spent: int = 0, zone: ZoneInfo = PACIFIC) -> None:
        self._limit = limit
        self._epoch = epoch
        self._zone = zone
        self._used = spent
        self._began = 0
        self._ends = next_midnight(epoch, zone) - epoch

    def wait(self, now: int, amount: int) -> int | None:
        if amount > self._limit:
            return None
        return 0 if self.used(now) + amount <= self._limit else self._ends - now

    def take(self, now: int, amount: int) -> None:
        self._used = self.used(now) + amount

    def correct(self, at: int, now: int, delta: int) -> None:
        self.used(now)
        if at >= self._began:
            self._used += delta

    def used(self, now: int) -> int:
        if now >= self._ends:
            self._used = 0
            self._began = now
            self._ends = next_midnight(self._epoch + now, self._zone) - self._epoch
        return self._used

    def full_in(self, now: int) -> int:
        return self._ends - now if self.used(now) > 0 else 0


def next_midnight(unix: int, zone: ZoneInfo = PACIFIC) -> int:
    """The first midnight in ``zone`` after ``unix``; both are Unix times in nanoseconds."""
    today = datetime.fromtimestamp(unix // NANOSECONDS, zone).date()
    midnight = datetime.combine(today + timedelta(days=1), time(), tzinfo=zone)
    return int(midnight.timestamp()) * NANOSECONDS
