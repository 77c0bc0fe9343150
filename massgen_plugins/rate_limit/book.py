"""What one pool has spent, under all limits that are known for it. Pure: moments are arguments.

A call is booked at once, with a stamp in the *future*: by when the server will have counted it at the latest.
Its answer's headers move the stamp back to that moment. It ages out one window after its stamp. A process
that dies leaves its calls as spent.
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
"""Bytes of a CRC-32: what is damaged is not counted with."""


class Book:
    """The counters of one pool.

    Attributes:
        counters: By ``Limit.key``.
    """

    __slots__ = ("_legend", "_windows", "counters")

    def __init__(self) -> None:
        self.counters: dict[str, Counter] = {}
        self._windows: dict[tuple[Window, str], Ring | CalendarCounter] = {}
        self._legend = b""  # what is counted, as it is written; empty if it has to be written anew

    def counter(self, limit: Limit) -> Counter:
        """The counter of a limit's kind and window; made if there is none."""
        known = self.counters.get(limit.key)
        if known is None:
            known = self.counters[limit.key] = self._make(limit.kind, limit.window)
            self._legend = b""
        return known

    def add(self, booking: Booking, now: Moment) -> None:
        """Book a call that is admitted now."""
        for window in self._windows.values():
            window.book(booking, now)

    def change(self, before: Booking, after: Booking, now: Moment) -> None:
        """Book what is true of a call by now, in place of what was booked."""
        for window in self._windows.values():
            window.rebook(before, after, now)

    def backfill(self, keys: Iterable[str], bookings: Iterable[Booking], now: Moment) -> None:
        """Let counters that are new know of calls that left before, oldest first."""
        counters = [self.counters[key] for key in keys]
        for booking in bookings:
            for counter in counters:
                counter.book(booking, now)

    def advance(self, now: Moment) -> None:
        """Forget what has aged out."""
        for window in self._windows.values():
            window.advance(now)

    def merge(self, other: Book, since: int) -> None:
        """Count what another copy has, too; what is older than tick ``since`` is in both."""
        for kind, window in other._kinds():
            limit = Limit(kind, 0, window)
            self.counter(limit).merge(other.counter(limit))
        for key, ring in self._windows.items():
            theirs_ring = other._windows.get(key)
            if isinstance(ring, Ring) and isinstance(theirs_ring, Ring):
                ring.merge(theirs_ring, since)

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
        """What is counted, in the order in which it is written."""
        return [
            (each.kind, window)
            for (window, _), counted in self._windows.items()
            for each in (counted.counters if isinstance(counted, Ring) else (counted,))
        ]

    def dump(self) -> bytes:
        """All of it, for a store: a line that says what is counted, 64-bit integers, a checksum."""
        if not self._legend:
            rows = [(kind, *write_window(window)) for kind, window in self._kinds()]
            self._legend = json.dumps(rows, separators=(",", ":")).encode() + b"\n"
        pieces: list[bytes | array[int]] = [self._legend]
        for window in self._windows.values():
            window.dump(pieces)
        body = b"".join(pieces)
        return body + crc32(body).to_bytes(_CHECKSUM)

    def load(self, data: bytes) -> bool:
        """Hold what :meth:`dump` wrote; True if that is in other counters than before.

        Raises:
            ValueError: It is damaged.
        """
        body = data[:-_CHECKSUM]
        if not body or crc32(body) != int.from_bytes(data[-_CHECKSUM:]):
            raise ValueError("the book's checksum is wrong")
        start = body.find(b"\n") + 1
        legend = body[:start]
        other = legend != self._legend
        try:
            if other:
                self._begin(legend)
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
