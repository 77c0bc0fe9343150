"""Calendar days and months in a time zone, and counters for them. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

from massgen_plugins.quota import NANOSECONDS, CalendarDay, CalendarMonth
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.reservation import Booking

__all__ = ["CalendarCounter", "period_end", "period_of", "periods_at"]

_QUARTER = 900 * NANOSECONDS

_DAY_MARGIN = 2_050_000_000
"""Nanoseconds before midnight within which a call counts on both days: it may be counted that much later."""

_PERIODS_KEPT = 3


def period_of(wall: int, window: CalendarDay | CalendarMonth) -> int:
    """The day (as a proleptic ordinal) or month (12 * year + month - 1) of a moment.

    Args:
        wall: Nanoseconds since the epoch.
        window: The zone, and whether days or months count.
    """
    # Cached by quarters of an hour, since zone arithmetic costs more than the rest of an admission. In every
    # zone midnight is a multiple of a quarter of an hour in UTC.
    return _of_quarter(wall // _QUARTER, window)


@lru_cache(maxsize=256)
def _of_quarter(quarter: int, window: CalendarDay | CalendarMonth) -> int:
    local = datetime.fromtimestamp(quarter * 900, UTC).astimezone(ZoneInfo(window.zone))
    if isinstance(window, CalendarMonth):
        return local.year * 12 + local.month - 1
    return local.toordinal()


@lru_cache(maxsize=64)
def period_end(period: int, window: CalendarDay | CalendarMonth) -> int:
    """The end of a period, in nanoseconds since the epoch; handles days of 23 and 25 hours."""
    if isinstance(window, CalendarMonth):
        following = date((period + 1) // 12, (period + 1) % 12 + 1, 1)
    else:
        following = date.fromordinal(period) + timedelta(days=1)
    midnight = datetime.combine(following, time(0), ZoneInfo(window.zone))
    return int(midnight.timestamp()) * NANOSECONDS


def periods_at(window: CalendarDay | CalendarMonth, wall: int, slack: int) -> tuple[int, ...]:
    """The periods that count a call written at ``wall``, or up to ``slack`` later.

    Raises:
        ValueError: Unknown zone, or a moment outside of the calendar.
    """
    try:
        first = period_of(wall, window)
    except (LookupError, OSError, OverflowError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"no zone {window.zone[:40]!a}") from error
    return (first, first + 1) if wall >= period_end(first, window) - _DAY_MARGIN - slack else (first,)


class CalendarCounter:
    """The amounts of the latest days, or months, of one zone.

    Periods are keyed by number and may also go back: a wall clock that was wrong by a year must not block the
    pool for a year.

    Attributes:
        kind: What is counted.
        used: The amount in use, after :meth:`advance`; shortly before midnight, that of the fuller day.
        periods: The periods that count a call now: two shortly before midnight, since the server may count
            it in either.
        spent: Amounts of the latest periods, by number.
    """

    __slots__ = ("_from", "_slack", "_until", "kind", "periods", "spent", "used", "window")

    def __init__(self, kind: str, window: CalendarDay | CalendarMonth) -> None:
        self.kind = kind
        self.window = window
        self.used = 0
        self.periods: tuple[int, ...] = ()
        self.spent: dict[int, int] = {}
        self._from = self._until = self._slack = 0

    def advance(self, now: Moment) -> None:
        """Switch to the period of ``now``."""
        if self._from <= now.wall < self._until and now.slack == self._slack:
            return
        period = period_of(now.wall, self.window)
        end = period_end(period, self.window)
        both = end - _DAY_MARGIN - now.slack
        if now.wall >= both:
            self.periods, self._from, self._until = (period, period + 1), both, end
        else:
            self.periods, self._from, self._until = (period,), period_end(period - 1, self.window), both
        self._slack = now.slack
        self._count()

    def level(self, now: Moment, cap: int) -> int:  # noqa: ARG002 - a bucket's depends on its limit
        """The amount in use."""
        self.advance(now)
        return self.used

    def fits(self, now: Moment, cap: int, amount: int) -> bool:
        """Whether ``amount`` fits now."""
        self.advance(now)
        return self.used + amount <= cap

    def frees_at(self, now: Moment, cap: int, amount: int) -> int:
        """The tick at which the period ends, if ``amount`` does not fit."""
        return now.tick if self.fits(now, cap, amount) else self.clears_at(now, cap)

    def clears_at(self, now: Moment, cap: int) -> int:  # noqa: ARG002 - a bucket's depends on its limit
        """The tick at which the next period begins."""
        return now.tick + self.ends(now) - now.wall

    def ends(self, now: Moment) -> int:
        """The end of the current period, in nanoseconds since the epoch."""
        return period_end(period_of(now.wall, self.window), self.window)

    def book(self, booking: Booking, now: Moment) -> None:
        """Book a call that is admitted now."""
        amount = booking.amounts.get(self.kind)
        if amount:
            self.add(now.tick, amount, now)

    def rebook(self, before: Booking, after: Booking, _: Moment) -> None:
        """Replace the booking of a call."""
        amount, new_amount = before.amounts.get(self.kind, 0), after.amounts.get(self.kind, 0)
        if amount != new_amount or (amount and before.wall != after.wall):
            self._change(periods_at(self.window, before.wall, before.slack), -amount)
            self._change(periods_at(self.window, after.wall, after.slack), new_amount)

    def add(self, _: int, amount: int, now: Moment) -> None:
        """Add an amount to the current period."""
        self.advance(now)
        for period in self.periods:
            self.spent[period] = self.spent.get(period, 0) + amount
        self.used += amount
        self._forget_old()

    def merge(self, own: Self, base: Self, lost_since: int | None) -> None:
        """Add what a process has booked apart; see :meth:`.RollingCounter.merge`."""
        for period in own.spent.keys() | base.spent.keys():
            amount, known = self.spent.get(period, 0), base.spent.get(period, 0)
            amount = amount if lost_since is None else max(amount, known)
            self.spent[period] = max(0, amount + own.spent.get(period, 0) - known)
        self._change((), 0)

    def dump(self, pieces: list[bytes | array[int]]) -> None:
        """Append the serialized counter: number of periods, the periods, their amounts."""
        periods = sorted(self.spent)
        pieces.append(array("q", (len(periods), *periods, *(self.spent[period] for period in periods))))

    def restore(self, numbers: array[int], at: int) -> int:
        """Load what :meth:`dump` wrote at index ``at``; returns the index after it."""
        count = numbers[at]
        middle, end = at + 1 + count, at + 1 + 2 * count
        if not 0 <= count <= _PERIODS_KEPT or end > len(numbers) or min(numbers[at:end]) < 0:
            raise ValueError("a calendar counter is damaged")
        self.spent = dict(zip(numbers[at + 1 : middle], numbers[middle:end], strict=True))
        self._from = self._until = 0
        self._count()
        return end

    def _change(self, periods: Iterable[int], amount: int) -> None:
        """Add an amount, which may be negative, to some periods; never below zero."""
        for period in periods:
            self.spent[period] = max(0, self.spent.get(period, 0) + amount)
        self._forget_old()
        self._count()

    def _forget_old(self) -> None:
        while len(self.spent) > _PERIODS_KEPT:
            here = self.periods[0] if self.periods else max(self.spent)
            del self.spent[max(self.spent, key=lambda kept: abs(kept - here))]

    def _count(self) -> None:
        self.used = max((self.spent.get(period, 0) for period in self.periods), default=0)
