"""The book of one pool: counters for all of its known limits. Pure.

A call is booked on admission, with a stamp in the *future*: the latest time at which the server will have
counted it. Its response headers move the stamp back to their arrival. It ages out one window after its stamp.
The calls of a process that dies stay booked.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias
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
    margin_of,
)
from massgen_plugins.rate_limit.bucket_counters import BucketCounter, HeldCounter
from massgen_plugins.rate_limit.calendar_windows import CalendarCounter, periods_at
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.reservation import Booking
from massgen_plugins.rate_limit.rings import HeldRing, Ring, RollingCounter

__all__ = ["Book", "Counter", "amounts_of", "read_window", "write_window"]

Counter: TypeAlias = RollingCounter | CalendarCounter

_MOST_COUNTERS = 40

_CHECKSUM = 4
"""Bytes of a CRC-32."""


class Book:
    """The counters of one pool.

    Attributes:
        counters: By ``Limit.key``.
    """

    __slots__ = ("_header", "_windows", "counters")

    def __init__(self) -> None:
        self.counters: dict[str, Counter] = {}
        self._windows: dict[tuple[Window, str], Ring | CalendarCounter] = {}
        self._header = b""  # serialized list of counters; empty if outdated

    def counter(self, limit: Limit) -> Counter:
        """The counter of a limit's kind and window, created if missing."""
        known = self.counters.get(limit.key)
        if known is None:
            known = self.counters[limit.key] = self._make(limit.kind, limit.window)
            self._header = b""
        return known

    def add(self, booking: Booking, now: Moment) -> None:
        """Book a call that is admitted now."""
        for window in self._windows.values():
            window.book(booking, now)

    def change(self, before: Booking, after: Booking, now: Moment) -> None:
        """Replace the booking of a call."""
        for window in self._windows.values():
            window.rebook(before, after, now)

    def backfill(self, keys: Iterable[str], bookings: Iterable[Booking], now: Moment) -> None:
        """Book earlier calls, oldest first, in counters that are new."""
        counters = [self.counters[key] for key in keys]
        for booking in bookings:
            for counter in counters:
                counter.book(booking, now)

    def advance(self, now: Moment) -> None:
        """Drop what has aged out."""
        for window in self._windows.values():
            window.advance(now)

    def merge(self, other: Book, since: int) -> None:
        """Merge another copy; what is older than tick ``since`` is in both."""
        for kind, window in other._kinds():
            limit = Limit(kind, 0, window)
            self.counter(limit).merge(other.counter(limit))
        for key, ring in self._windows.items():
            other_ring = other._windows.get(key)
            if isinstance(ring, Ring) and isinstance(other_ring, Ring):
                ring.merge(other_ring, since)

    def _make(self, kind: str, window: Window) -> Counter:
        if isinstance(window, CalendarDay | CalendarMonth):
            counter = self._windows[window, kind] = CalendarCounter(kind, window)
            return counter
        ring = self._windows.get((window, ""))
        if not isinstance(ring, Ring):
            ring = HeldRing() if isinstance(window, Held) else Ring(window.length, margin_of(window))
            self._windows[window, ""] = ring
        if isinstance(window, Held):
            return HeldCounter(kind, ring)
        return BucketCounter(kind, ring) if isinstance(window, Bucket) else RollingCounter(kind, ring)

    def _kinds(self) -> list[tuple[str, Window]]:
        """What is counted, in serialization order."""
        return [
            (each.kind, window)
            for (window, _), counted in self._windows.items()
            for each in (counted.counters if isinstance(counted, Ring) else (counted,))
        ]

    def dump(self) -> bytes:
        """Serialize for a store: a header line that lists the counters, 64-bit integers, a checksum."""
        if not self._header:
            rows = [(kind, *write_window(window)) for kind, window in self._kinds()]
            self._header = json.dumps(rows, separators=(",", ":")).encode() + b"\n"
        pieces: list[bytes | array[int]] = [self._header]
        for window in self._windows.values():
            window.dump(pieces)
        body = b"".join(pieces)
        return body + crc32(body).to_bytes(_CHECKSUM)

    def load(self, data: bytes) -> bool:
        """Load what :meth:`dump` wrote; True if the set of counters changed.

        Raises:
            ValueError: It is damaged.
        """
        body = data[:-_CHECKSUM]
        if not body or crc32(body) != int.from_bytes(data[-_CHECKSUM:]):
            raise ValueError("the book's checksum is wrong")
        start = body.find(b"\n") + 1
        header = body[:start]
        other = header != self._header
        try:
            if other:
                self._create_counters(header)
            numbers, at = array("q", body[start:]), 0
            for window in self._windows.values():
                at = window.restore(numbers, at)
        except (TypeError, LookupError, RecursionError, OverflowError) as error:
            raise ValueError(f"the book is damaged: {type(error).__name__}") from None
        if at != len(numbers):
            raise ValueError("the book's length is another than it says")
        return other

    @classmethod
    def restore(cls, data: bytes) -> Book:
        """Deserialize; raises ValueError if damaged."""
        book = cls()
        book.load(data)
        return book

    def _create_counters(self, header: bytes) -> None:
        """Create the empty counters that a header lists."""
        rows = json.loads(header)
        if not isinstance(rows, list) or len(rows) > _MOST_COUNTERS:
            raise ValueError("the book has no legend")
        self.counters, self._windows = {}, {}
        for kind, shape, size in rows:
            self.counter(Limit(str(kind), 0, read_window([shape, size])))
        self._header = header


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
    """A window from what :func:`write_window` wrote; raises ValueError if invalid."""
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
    """The sum of several calls' amounts, by kind."""
    total: dict[str, int] = {}
    for row in rows:
        for kind, amount in row.items():
            total[kind] = total.get(kind, 0) + amount
    return total
