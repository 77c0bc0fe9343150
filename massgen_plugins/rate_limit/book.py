"""What one pool has spent, under all limits that are known for it. Pure: moments are arguments.

A call is booked at once, with a stamp in the *future*: by when the server will have counted it at the latest.
Its answer's headers move the stamp back to that moment. It ages out one window after its stamp. A process
that dies leaves its calls as spent.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping, Sequence

from massgen_plugins.quota import (
    NANOSECONDS,
    Bucket,
    CalendarDay,
    CalendarMonth,
    Held,
    Limit,
    Sliding,
    Window,
)
from massgen_plugins.rate_limit.calendar_windows import CalendarCounter, periods_at
from massgen_plugins.rate_limit.counters import Counter, counter_for
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.reservation import Booking
from massgen_plugins.rate_limit.rolling_counters import RollingCounter

__all__ = ["Book", "amounts_of", "read_window", "write_window"]

_MOST_COUNTERS = 40


class Book:
    """The counters of one pool.

    Attributes:
        counters: By ``Limit.key``.
    """

    __slots__ = ("_windows", "counters")

    def __init__(self) -> None:
        self.counters: dict[str, Counter] = {}
        self._windows: dict[str, Window] = {}

    def counter(self, limit: Limit) -> Counter:
        """The counter of a limit's kind and window; made if there is none."""
        key = limit.key
        if key not in self.counters:
            self.counters[key] = counter_for(limit.kind, limit.window)
            self._windows[key] = limit.window
        return self.counters[key]

    def add(self, booking: Booking, now: Moment) -> None:
        """Book a call that is admitted now."""
        amounts = booking.amounts
        for counter in self.counters.values():
            amount = amounts.get(counter.kind)
            if amount:
                counter.advance(now)
                counter.book(booking, amount)

    def change(self, before: Booking, after: Booking, now: Moment) -> None:
        """Book what is true of a call by now, in place of what was booked."""
        for counter in self.counters.values():
            amount, new_amount = before.amounts.get(counter.kind, 0), after.amounts.get(counter.kind, 0)
            if not (amount or new_amount):
                continue
            if isinstance(counter, CalendarCounter):
                if amount != new_amount or before.wall != after.wall:
                    counter.change(periods_at(counter.window, before.wall, before.slack), amount, 0)
                    counter.change(periods_at(counter.window, after.wall, after.slack), 0, new_amount)
                continue
            stamp, new_stamp = counter.stamp(before), counter.stamp(after)
            if (stamp, amount) != (new_stamp, new_amount):
                counter.change(now, stamp, amount, new_stamp, new_amount)

    def backfill(self, keys: Iterable[str], bookings: Iterable[Booking], now: Moment) -> None:
        """Let counters that are new know of calls that left before, oldest first."""
        counters = [self.counters[key] for key in keys]
        for booking in bookings:
            for counter in counters:
                amount = booking.amounts.get(counter.kind)
                if amount:
                    counter.advance(now)
                    counter.book(booking, amount)

    def advance(self, now: Moment) -> None:
        """Forget what has aged out."""
        for counter in self.counters.values():
            counter.advance(now)

    def merge(self, other: Book, since: int) -> None:
        """Count what another copy has, too; what is older than tick ``since`` is in both."""
        for key, theirs in other.counters.items():
            mine = self.counters.get(key)
            if mine is None:
                self.counters[key], self._windows[key] = theirs, other._windows[key]
            elif isinstance(mine, RollingCounter) and isinstance(theirs, RollingCounter):
                mine.merge(theirs, since)
            elif isinstance(mine, CalendarCounter) and isinstance(theirs, CalendarCounter):
                mine.merge(theirs)

    def dump(self) -> bytes:
        """All of it, for a store: one line that says what is counted, then 64-bit integers."""
        numbers = [counter.dump() for counter in self.counters.values()]
        windows = self._windows.values()
        legend = [
            [counter.kind, *write_window(window), len(part)]
            for counter, window, part in zip(self.counters.values(), windows, numbers, strict=True)
        ]
        return json.dumps(legend, separators=(",", ":")).encode() + b"\n" + b"".join(map(bytes, numbers))

    @classmethod
    def restore(cls, data: bytes) -> Book:
        """What :meth:`dump` wrote; raises ValueError if it is damaged."""
        legend, _, rest = data.partition(b"\n")
        book = cls()
        try:
            numbers = array("q", rest)
            rows = json.loads(legend)
            if not isinstance(rows, list) or len(rows) > _MOST_COUNTERS:
                raise ValueError("the book has no legend")
            if sum(row[3] for row in rows) != len(numbers):
                raise ValueError("the book's length is another than it says")
            start = 0
            for kind, shape, size, count in rows:
                limit = Limit(str(kind), 0, read_window([shape, size]))
                book.counter(limit).restore(numbers[start : start + count])
                start += count
        except (TypeError, LookupError, RecursionError, OverflowError) as error:
            raise ValueError(f"the book is damaged: {type(error).__name__}") from None
        return book


def write_window(window: Window) -> tuple[str, int | str]:
    """A window as plain values."""
    match window:
        case Sliding(length):
            return "sliding", length
        case Bucket(length):
            return "bucket", length
        case CalendarDay(zone):
            return "day", zone
        case CalendarMonth(zone):
            return "month", zone
        case Held():
            return "held", 0


def read_window(values: Sequence[object]) -> Window:
    """A window from what :func:`write_window` wrote; raises ValueError if it is none."""
    match values:
        case ["sliding" | "bucket" as shape, int(length)] if NANOSECONDS // 1000 <= length <= NEVER:
            return Sliding(length) if shape == "sliding" else Bucket(length)
        case ["day" | "month" as shape, str(zone)]:
            window = CalendarDay(zone) if shape == "day" else CalendarMonth(zone)
            periods_at(window, NANOSECONDS, 0)  # an unknown zone raises
            return window
        case ["held", _]:
            return Held()
    raise ValueError("no such window")


def amounts_of(rows: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sum of several calls' amounts."""
    total: dict[str, int] = {}
    for row in rows:
        for kind, amount in row.items():
            total[kind] = total.get(kind, 0) + amount
    return total
