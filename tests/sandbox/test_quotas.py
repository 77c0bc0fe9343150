"""The judge's arithmetic, against references that remember everything and recompute from the definition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.sandbox.quotas import (
    NANOSECONDS,
    PACIFIC,
    CalendarDay,
    FixedWindow,
    SlidingWindow,
    TokenBucket,
    Window,
    next_midnight,
)

# Steps of time and amounts; small numbers, so that edges are hit often.
steps = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)), max_size=40)
limits = st.integers(1, 8)
lengths = st.integers(1, 20)
Taken = list[tuple[int, int]]
Fits = Callable[[Taken, int, int], bool]


def drive(window: Window, fits: Fits, moves: list[tuple[int, int]], limit: int) -> None:
    """Offer each amount; it must be let in exactly when the reference says so, and the wait must be exact."""
    now = 0
    taken: Taken = []
    for step, amount in moves:
        now += step
        wait = window.wait(now, amount)
        if amount > limit:
            assert wait is None
            continue
        assert wait is not None
        assert fits(taken, now + wait, amount)
        assert wait == 0 or not fits(taken, now + wait - 1, amount)
        if wait == 0:
            window.take(now, amount)
            taken.append((now, amount))


@given(moves=steps, limit=limits, length=lengths)
def test_a_sliding_window_lets_in_what_the_last_length_leaves_free(
    moves: list[tuple[int, int]], limit: int, length: int
) -> None:
    def fits(taken: Taken, now: int, amount: int) -> bool:
        return sum(spent for at, spent in taken if now - length < at <= now) + amount <= limit

    drive(SlidingWindow(limit, length), fits, moves, limit)


@given(moves=steps, limit=limits, length=lengths, phase=st.integers(0, 30))
def test_a_fixed_window_lets_in_what_its_own_minute_leaves_free(
    moves: list[tuple[int, int]], limit: int, length: int, phase: int
) -> None:
    def fits(taken: Taken, now: int, amount: int) -> bool:
        begins = now - (now - phase) % length
        return sum(spent for at, spent in taken if at >= begins) + amount <= limit

    drive(FixedWindow(limit, length, phase), fits, moves, limit)


@given(moves=steps, limit=limits, length=lengths)
def test_a_bucket_lets_in_what_has_flowed_back(moves: list[tuple[int, int]], limit: int, length: int) -> None:
    def fits(taken: Taken, now: int, amount: int) -> bool:
        level, then = Fraction(limit), 0
        for at, spent in [*taken, (now, 0)]:
            level = min(Fraction(limit), level + Fraction(limit * (at - then), length)) - spent
            then = at
        return level >= amount

    drive(TokenBucket(limit, length), fits, moves, limit)


@given(
    hours=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6)), max_size=30),
    limit=limits,
    starts=st.integers(1_767_225_600, 1_798_761_600),
)
def test_a_day_lets_in_what_its_own_date_leaves_free(
    hours: list[tuple[int, int]], limit: int, starts: int
) -> None:
    epoch = starts * NANOSECONDS  # a second of the year 2026
    hour = 3600 * NANOSECONDS

    def date(now: int) -> object:
        return datetime.fromtimestamp((epoch + now) // NANOSECONDS, PACIFIC).date()

    def fits(taken: Taken, now: int, amount: int) -> bool:
        return sum(spent for at, spent in taken if date(at) == date(now)) + amount <= limit

    moves = [(count * hour, amount) for count, amount in hours]
    drive(CalendarDay(limit, epoch), fits, moves, limit)


def test_a_slot_is_free_exactly_one_length_after_it_was_taken() -> None:
    window = SlidingWindow(limit=1, length=60)
    window.take(100, 1)
    assert window.wait(159, 1) == 1
    assert window.wait(160, 1) == 0


@pytest.mark.parametrize(
    "window", [SlidingWindow(5, 60), FixedWindow(5, 60), TokenBucket(5, 60), CalendarDay(5, 0)]
)
def test_what_is_larger_than_the_limit_never_fits(window: Window) -> None:
    assert window.wait(0, 6) is None
    assert window.wait(0, 5) == 0


def test_a_day_can_begin_partly_spent_and_the_next_one_is_whole() -> None:
    noon = int(datetime(2026, 11, 23, 12, tzinfo=PACIFIC).timestamp()) * NANOSECONDS
    day = CalendarDay(limit=20, epoch=noon, spent=20)
    assert day.wait(0, 1) == 12 * 3600 * NANOSECONDS
    assert day.wait(12 * 3600 * NANOSECONDS, 20) == 0


@pytest.mark.parametrize(
    ("date", "hours"), [("2026-03-07", 24), ("2026-03-08", 23), ("2026-11-01", 25), ("2026-12-31", 24)]
)
def test_days_are_as_long_as_pacific_days_are(date: str, hours: int) -> None:
    midnight = datetime.fromisoformat(date).replace(tzinfo=PACIFIC)
    begins = int(midnight.timestamp()) * NANOSECONDS
    assert next_midnight(begins) - begins == hours * 3600 * NANOSECONDS


def test_amounts_taken_by_force_count_too() -> None:
    window = SlidingWindow(limit=2, length=60)
    for _ in range(3):
        window.take(0, 1)
    window.take(10, 1)
    assert window.wait(30, 1) == 30
    assert window.wait(60, 1) == 0
