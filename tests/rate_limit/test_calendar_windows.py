"""Days and months of a zone: where they begin and end, with clocks that are put forward and back."""

from __future__ import annotations

from array import array
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.quota import NANOSECONDS, CalendarDay, CalendarMonth
from massgen_plugins.rate_limit.calendar_windows import CalendarCounter, period_end, period_of, periods_at
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.reservation import Booking

PACIFIC = CalendarDay("America/Los_Angeles")
MONTH = CalendarMonth("America/Los_Angeles")
HOUR = 3_600 * NANOSECONDS


def when(text: str, zone: str = PACIFIC.zone) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * NANOSECONDS


def now(wall: int, slack: int = 0) -> Moment:
    return Moment(10**15 + wall, wall, slack)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-07-01", 24), ("2028-02-29", 24)]
)
def test_a_day_is_as_long_as_it_is_there(day: str, hours: int) -> None:
    begin = when(day)
    end = period_end(period_of(begin, PACIFIC), PACIFIC)
    assert end - begin == hours * HOUR
    assert period_of(end - 1, PACIFIC) == period_of(begin, PACIFIC)
    assert period_of(end, PACIFIC) == period_of(begin, PACIFIC) + 1


@pytest.mark.parametrize(
    ("begin", "end"),
    [("2026-02-01", "2026-03-01"), ("2026-12-01", "2027-01-01"), ("2026-11-01", "2026-12-01")],
)
def test_a_month_ends_with_its_last_day(begin: str, end: str) -> None:
    month = period_of(when(begin), MONTH)
    assert period_end(month, MONTH) == when(end)
    assert period_of(when(end) - 1, MONTH) == month
    assert period_of(when(end), MONTH) == month + 1


ZONES = ["UTC", "America/Los_Angeles", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham"]


@given(
    zone=st.sampled_from(ZONES),
    wall=st.integers(1_577_836_800 * NANOSECONDS, 4_102_444_800 * NANOSECONDS),
    month=st.booleans(),
)
def test_every_moment_lies_in_its_period(zone: str, wall: int, month: bool) -> None:
    window = CalendarMonth(zone) if month else CalendarDay(zone)
    period = period_of(wall, window)
    assert period_end(period - 1, window) <= wall < period_end(period, window)
    local = datetime.fromtimestamp(wall // NANOSECONDS, ZoneInfo(zone))
    assert period == (local.year * 12 + local.month - 1 if month else local.toordinal())


def test_close_to_midnight_a_call_counts_on_both_days() -> None:
    midnight = when("2026-09-22")
    day = period_of(midnight, PACIFIC)
    assert periods_at(PACIFIC, midnight - 3 * NANOSECONDS, 0) == (day - 1,)
    assert periods_at(PACIFIC, midnight - NANOSECONDS, 0) == (day - 1, day)
    assert periods_at(PACIFIC, midnight - 3 * NANOSECONDS, NANOSECONDS) == (day - 1, day)
    assert periods_at(PACIFIC, midnight, 0) == (day,)


def test_a_zone_that_is_none_is_a_value_error() -> None:
    for zone in ("Nowhere/Land", "../../etc/passwd", "", "\x00"):
        with pytest.raises(ValueError, match=r"zone|key|null"):
            periods_at(CalendarDay(zone), 10**18, 0)


def test_what_was_spent_counts_until_the_day_ends() -> None:
    midnight = when("2026-09-22")
    counter = CalendarCounter("requests", PACIFIC)
    counter.advance(now(midnight - HOUR))
    counter.add(0, 7, now(midnight - HOUR))
    assert counter.used == 7
    assert not counter.fits(now(midnight - HOUR), 7, 1)
    assert counter.frees_at(now(midnight - HOUR), 7, 1) == now(midnight).tick
    assert counter.clears_at(now(midnight - HOUR), 7) == now(midnight).tick
    counter.advance(now(midnight))
    assert counter.used == 0
    counter.advance(now(midnight - HOUR))  # a clock that was put back
    assert counter.used == 7


def test_before_midnight_the_fuller_day_counts() -> None:
    midnight = when("2026-09-22")
    counter = CalendarCounter("requests", PACIFIC)
    counter.advance(now(midnight - HOUR))
    counter.add(0, 4, now(midnight - HOUR))
    counter.advance(now(midnight - NANOSECONDS))
    counter.add(0, 1, now(midnight - NANOSECONDS))
    assert counter.used == 5
    counter.advance(now(midnight + NANOSECONDS))
    assert counter.used == 1


def test_a_clock_that_was_wrong_by_years_blocks_no_later_day() -> None:
    counter, today = CalendarCounter("requests", PACIFIC), when("2026-09-22") + HOUR
    for year in (2031, 2044, 2028):
        counter.advance(now(when(f"{year}-05-05")))
        counter.add(0, 100, now(when(f"{year}-05-05")))
    counter.advance(now(today))
    assert counter.used == 0
    counter.add(0, 3, now(today))
    assert counter.used == 3
    assert len(counter.spent) <= 3


def test_no_more_is_given_back_than_was_spent() -> None:
    today = now(when("2026-09-22"))
    counter = CalendarCounter("requests", PACIFIC)
    counter.add(0, 3, today)
    nine = Booking({"requests": 9}, frozenset(), NEVER, NEVER, NEVER, NEVER, today.wall, 0)
    counter.rebook(nine, nine._replace(amounts={}), today)
    assert counter.used == 0


def test_copies_that_went_apart_count_together() -> None:
    base, own, theirs = (CalendarCounter("requests", PACIFIC) for _ in range(3))
    today = now(when("2026-09-22"))
    for counter, spent in ((base, 3), (own, 5), (theirs, 4)):
        counter.add(0, spent, today)
    theirs.merge(own, base, None)
    assert theirs.used == 4 + 2
    nothing = CalendarCounter("requests", PACIFIC)
    nothing.advance(today)
    nothing.merge(own, base, 0)
    assert nothing.used == 5


@given(spent=st.dictionaries(st.integers(0, 10**6), st.integers(0, 1 << 40), max_size=3))
def test_what_is_written_is_what_is_read(spent: dict[int, int]) -> None:
    counter, again = CalendarCounter("requests", PACIFIC), CalendarCounter("requests", PACIFIC)
    counter.spent = dict(spent)
    pieces: list[bytes | array[int]] = []
    counter.dump(pieces)
    assert again.restore(array("q", b"".join(pieces)), 0) == 1 + 2 * len(spent)
    assert again.spent == spent


@given(numbers=st.lists(st.integers(-(1 << 63), (1 << 63) - 1), max_size=9))
def test_damaged_numbers_are_a_value_error_or_a_counter_that_works(numbers: list[int]) -> None:
    counter, moment = CalendarCounter("requests", PACIFIC), now(when("2026-09-22"))
    try:
        counter.restore(array("q", numbers), 0)
    except (ValueError, LookupError):
        return
    counter.advance(moment)
    assert counter.used >= 0
    counter.add(0, 1, moment)
    assert not counter.fits(moment, 1, 1)


def test_more_periods_than_are_kept_are_damage() -> None:
    counter = CalendarCounter("requests", PACIFIC)
    with pytest.raises(ValueError, match="damaged"):
        counter.restore(array("q", [4, 1, 2, 3, 4, 1, 1, 1, 1]), 0)
