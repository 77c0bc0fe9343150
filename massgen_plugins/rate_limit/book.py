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
from massgen_plugins.rate_limit.calendar_windows import CalendarCounter, periods_at
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.reservation import Booking
from massgen_plugins.rate_limit.rolling_windows import HeldCounter, RollingCounter
from massgen_plugins.rate_limit.token_buckets import BucketCounter

__all__ = ["Book", "Counter", "amounts_of", "read_window", "write_window"]

Counter: TypeAlias = RollingCounter | CalendarCounter

_MOST_COUNTERS = 40

_CHECKSUM = 4
"""Bytes of a CRC-32."""


class Book:
    """The counters of one pool.

    Attributes:
        counters: By ``Limit.key``.
        limits: What they count, in the same order; the amounts mean nothing.
    """

    __slots__ = ("_header", "counters", "limits")

    def __init__(self) -> None:
        self.counters: dict[str, Counter] = {}
        self.limits: list[Limit] = []
        self._header = b""  # serialized list of counters; empty if outdated

    def counter(self, limit: Limit) -> Counter:
        """The counter of a limit's kind and window, created if missing."""
        known = self.counters.get(limit.key)
        if known is None:
            known = self.counters[limit.key] = _new_counter(limit.kind, limit.window)
            self.limits.append(limit)
            self._header = b""
        return known

    def add(self, booking: Booking, now: Moment) -> None:
        """Book a call that is admitted now."""
        for counter in self.counters.values():
            counter.book(booking, now)

    def change(self, before: Booking, after: Booking, now: Moment) -> None:
        """Replace the booking of a call."""
        for counter in self.counters.values():
            counter.rebook(before, after, now)

    def backfill(self, keys: Iterable[str], bookings: Iterable[Booking], now: Moment) -> None:
        """Book earlier calls, oldest first, in counters that are new."""
        counters = [self.counters[key] for key in keys]
        for booking in bookings:
            for counter in counters:
                counter.book(booking, now)

    def advance(self, now: Moment) -> None:
        """Drop what has aged out."""
        for counter in self.counters.values():
            counter.advance(now)

    def merge(self, own: Book, base: Book, now: Moment, lost_since: int | None) -> None:
        """Add what a process has booked apart from the others, to their copy.

        Args:
            own: Its copy.
            base: What both copies were when they parted.
            now: The current moment.
            lost_since: See :meth:`.RollingCounter.merge`.
        """
        for limit in own.limits:
            theirs, mine, before = (book.counter(limit) for book in (self, own, base))
            for counter in (theirs, mine, before):
                counter.advance(now)
            theirs.merge(mine, before, lost_since)  # type: ignore[arg-type] # all of one class

    def dump(self) -> bytes:
        """Serialize for a store: a header line that lists the counters, 64-bit integers, a checksum."""
        if not self._header:
            rows = [(limit.kind, *write_window(limit.window)) for limit in self.limits]
            self._header = json.dumps(rows, separators=(",", ":")).encode() + b"\n"
        pieces: list[bytes | array[int]] = [self._header]
        for counter in self.counters.values():
            counter.dump(pieces)
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
            for counter in self.counters.values():
                at = counter.restore(numbers, at)
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
            raise ValueError("the book has no list of counters")
        self.counters, self.limits = {}, []
        for kind, shape, size in rows:
            self.counter(Limit(str(kind), 0, read_window([shape, size])))
        self._header = header


def _new_counter(kind: str, window: Window) -> Counter:
    match window:
        case CalendarDay() | CalendarMonth():
            return CalendarCounter(kind, window)
        case Held():
            return HeldCounter(kind)
        case Bucket(length):
            return BucketCounter(kind, length, margin_of(window))
        case Sliding(length):
            return RollingCounter(kind, length, margin_of(window))


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
