"""Corrections, use and resets of the windows, against references that recompute from the definition."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.sandbox.quotas import (
    NANOSECONDS,
    CalendarDay,
    FixedWindow,
    Places,
    SlidingWindow,
    TokenBucket,
    Window,
)

LIMIT, LENGTH = 10, 20
MAKE: dict[str, Callable[[], Window]] = {
    "sliding": lambda: SlidingWindow(LIMIT, LENGTH),
    "fixed": lambda: FixedWindow(LIMIT, LENGTH, 7),
    "bucket": lambda: TokenBucket(LIMIT, LENGTH),
    "day": lambda: CalendarDay(LIMIT, 0),
    "places": lambda: Places(LIMIT),
}
moves = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), st.integers(-3, 3)), max_size=30)


@given(moves=moves)
def test_a_sliding_window_holds_corrected_amounts_as_long_as_the_originals(
    moves: list[tuple[int, int, int]],
) -> None:
    window, now, book = SlidingWindow(LIMIT, LENGTH), 0, {}
    for step, amount, delta in moves:
        now += step
        if book:
            window.correct(max(book), now, delta)
            if max(book) > now - LENGTH:
                book[max(book)] += delta
        window.take(now, amount)
        book[now] = book.get(now, 0) + amount
        assert window.used(now) == sum(spent for at, spent in book.items() if at > now - LENGTH)


@given(moves=moves)
def test_a_fixed_window_corrects_only_what_it_holds(moves: list[tuple[int, int, int]]) -> None:
    window, now, book = FixedWindow(LIMIT, LENGTH, 7), 0, []
    for step, amount, delta in moves:
        earlier, now = now, now + step
        window.correct(earlier, now, delta)
        window.take(now, amount)
        book += [(earlier, delta), (now, amount)]
        begins = now - (now - 7) % LENGTH
        assert window.used(now) == sum(spent for at, spent in book if at >= begins)


@given(moves=moves)
def test_a_bucket_is_never_fuller_than_full_and_pays_its_debts_first(
    moves: list[tuple[int, int, int]],
) -> None:
    window, now, level = TokenBucket(LIMIT, LENGTH), 0, LIMIT * LENGTH
    for step, amount, delta in moves:
        now += step
        level = min(LIMIT * LENGTH, level + step * LIMIT) - 3 * amount * LENGTH
        window.take(now, 3 * amount)
        level = min(LIMIT * LENGTH, level - delta * LENGTH)
        window.correct(0, now, delta)
        assert window.used(now) == -((level - LIMIT * LENGTH) // LENGTH)
        wait = window.wait(now, 1)
        assert wait is not None
        assert level + wait * LIMIT >= LENGTH
        assert wait == 0 or level + (wait - 1) * LIMIT < LENGTH


@pytest.mark.parametrize("name", ["sliding", "fixed", "bucket", "day"])
@given(moves=moves)
def test_all_is_free_when_a_window_says_so_and_not_before(
    name: str, moves: list[tuple[int, int, int]]
) -> None:
    window, now = MAKE[name](), 0
    for step, amount, _ in moves:
        now += step
        window.take(now, amount + 1)
    full_in = window.full_in(now)
    if moves:
        assert full_in > 0
        assert window.used(now + full_in - 1) > 0
    assert window.used(now + full_in) == 0


def test_a_day_corrects_what_was_taken_today() -> None:
    day = CalendarDay(LIMIT, 0)
    midnight = day.full_in(0) or 8 * 3600 * NANOSECONDS  # Unix time 0 is 16:00 in Los Angeles
    day.take(1, 6)
    day.correct(1, 2, -4)
    assert day.used(3) == 2
    day.take(midnight, 3)
    day.correct(1, midnight + 1, -2)
    assert day.used(midnight + 1) == 3


def test_places_are_held_until_they_are_given_back() -> None:
    places = Places(2)
    places.take(0, 1)
    places.take(0, 1)
    assert places.wait(10**18, 1) == Places.HINT
    places.correct(0, 5, -1)
    assert places.wait(5, 1) == 0
    assert places.wait(5, 3) is None


def test_a_limit_of_nothing_can_be_asked_for_its_reset() -> None:
    bucket = TokenBucket(0, LENGTH)
    bucket.take(0, 1)
    assert bucket.full_in(1) == 0
