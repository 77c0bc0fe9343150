"""What one pool has spent, under all limits that are known for it. Pure: moments are arguments.

A call is booked at once, with a stamp in the *future*: by when the server will have counted it at the latest.
Its answer's headers move the stamp back to that moment. It ages out one window after its stamp. A process
that dies leaves its calls as spent.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from zlib import crc32

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

_CHECKSUM = 4
"""Bytes of a CRC-32: what is damaged is not counted with."""


class Book:
    """The counters of one pool.

    Attributes:
        counters: By ``Limit.key``.
    """

    __slots__ = ("_legend", "_windows", "counters")

    def __init__(self) -> None:
        self.counters: dict[str, Counter] = {}
        self._windows: dict[str, Window] = {}
        self._legend = b""  # what is counted, as it is written; empty if it has to be written anew

    def counter(self, limit: Limit) -> Counter:
        """The counter of a limit's kind and window; made if there is none."""
        key = limit.key
        if key not in self.counters:
            self.counters[key] = counter_for(limit.kind, limit.window)
            self._windows[key] = limit.window
            self._legend = b""
        return self.counters[key]

    def add(self, booking: Booking, now: Moment) -> None:
        """Book a call that is admitted now."""
        amounts = booking.amounts
        for counter in self.counters.values():
            amount = amounts.get(counter.kind)
            if amount:
                counter.book(booking, amount, now)

    def change(self, before: Booking, after: Booking, now: Moment) -> None:
        """Book what is true of a call by now, in place of what was booked."""
        for counter in self.counters.values():
            counter.rebook(before, after, now)

    def backfill(self, keys: Iterable[str], bookings: Iterable[Booking], now: Moment) -> None:
        """Let counters that are new know of calls that left before, oldest first."""
        counters = [self.counters[key] for key in keys]
        for booking in bookings:
            for counter in counters:
                amount = booking.amounts.get(counter.kind)
                if amount:
                    counter.advance(now)
                    counter.book(booking, amount, now)

    def advance(self, now: Moment) -> None:
        """Forget what has aged out."""
        for counter in self.counters.values():
            counter.advance(now)

    def merge(self, other: Book, since: int) -> None:
        """Count what another copy has, too; what is older than tick ``since`` is in both."""
        for key, theirs in other.counters.items():
            mine = self.counters.get(key)
            if mine is None:
                self.counters[key], self._windows[key], self._legend = theirs, other._windows[key], b""
            elif isinstance(mine, RollingCounter) and isinstance(theirs, RollingCounter):
                mine.merge(theirs, since)
            elif isinstance(mine, CalendarCounter) and isinstance(theirs, CalendarCounter):
                mine.merge(theirs)

    def dump(self) -> bytes:
        """All of it, for a store: a line that says what is counted, 64-bit integers, a checksum."""
        if not self._legend:
            rows = [
                (counter.kind, *write_window(window))
                for counter, window in zip(self.counters.values(), self._windows.values(), strict=True)
            ]
            self._legend = json.dumps(rows, separators=(",", ":")).encode() + b"\n"
        pieces: list[bytes | array[int]] = [self._legend]
        for counter in self.counters.values():
            counter.dump(pieces)
        body = b"".join(pieces)
        return body + crc32(body).to_bytes(_CHECKSUM)

    def load(self, data: bytes) -> bool:
        """Hold what :meth:`dump` wrote; True if that is in other counters than before.

        Raises:
            ValueError: It is damaged.
        """
        body = data[:-_CHECKSUM]
        if crc32(body) != int.from_bytes(data[-_CHECKSUM:]):
            raise ValueError("the book's checksum is wrong")
        start = body.find(b"\n") + 1
        legend = body[:start]
        other = legend != self._legend
        try:
            if other:
                self._begin(legend)
            numbers, at = array("q", body[start:]), 0
            for counter in self.counters.values():
                at = counter.restore(numbers, at)
        except (TypeError, LookupError, RecursionError, OverflowError) as error:
            raise ValueError(f"the book is damaged: {type(error).__name__}") from None
        if at != len(numbers):
            raise ValueError("the book's length is another than it says")
        return other

    @classmethod
    def restore(cls, data: bytes) -> Book:
        """What :meth:`dump` wrote; raises ValueError if it is damaged."""
        book = cls()
        book.load(data)
        return book

    def _begin(self, legend: bytes) -> None:
        """Count what a legend says; nothing yet."""
        rows = json.loads(legend)
        if not isinstance(rows, list) or len(rows) > _MOST_COUNTERS:
            raise ValueError("the book has no legend")
        self.counters, self._windows = {}, {}
        for kind, shape, size in rows:
            self.counter(Limit(str(kind), 0, read_window([shape, size])))
        self._legend = legend


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
