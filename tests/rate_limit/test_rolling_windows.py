"""Rolling windows, buckets and held places against brute force: never over, late by a step at most."""

from __future__ import annotations

from array import array
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.quota import NANOSECONDS
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.reservation import Booking
from massgen_plugins.rate_limit.rolling_windows import LEASE, HeldCounter, RollingCounter
from massgen_plugins.rate_limit.token_buckets import BucketCounter

LENGTH = 10 * NANOSECONDS
MARGIN = 333_333_333
STEP = LENGTH // 250
ZERO = 10**15


def at(tick: int) -> Moment:
    return Moment(tick, 0)


def stamped(counter: RollingCounter, stamp: int, amount: int) -> Booking:
    """A booking of the counter's kind with this stamp."""
    lease = stamp - LEASE if isinstance(counter, HeldCounter) else 0
    return Booking({counter.kind: amount}, frozenset(), NEVER, stamp, lease, NEVER, 0, 0)


def change(counter: RollingCounter, now: Moment, *before_and_after: int) -> None:
    """Let what was spent of the counter's kind be another amount with another stamp."""
    stamp, amount, new_stamp, new_amount = before_and_after
    counter.rebook(stamped(counter, stamp, amount), stamped(counter, new_stamp, new_amount), now)


class Wanted(NamedTuple):
    """A call: how long after the one before, how much, and how long its way and its answer take."""

    pause: int
    amount: int
    way: int
    answered: bool
    settled: int


CALLS = st.lists(
    st.builds(
        Wanted,
        st.integers(0, LENGTH // 4),
        st.integers(1, 12),
        st.integers(0, MARGIN),
        st.booleans(),
        st.integers(0, 12),
    ),
    max_size=60,
)


class Spent(NamedTuple):
    """An admitted call, as the server may see it: counted between two moments."""

    early: int
    late: int
    amount: int


def play(counter: RollingCounter, cap: int, calls: list[Wanted]) -> tuple[list[Spent], list[int]]:
    """Admit what fits, as a book does; and the moments at which something was refused."""
    now, spent, refused = ZERO, [], []
    for call in calls:
        now += call.pause
        counter.advance(at(now))
        amount = min(call.amount, cap)
        if not counter.fits(at(now), cap, amount):
            refused.append(now)
            continue
        stamp = now + MARGIN
        counter.add(stamp, amount, at(stamp))
        if call.answered:
            used = min(amount, call.settled)
            change(counter, at(now), stamp, amount, now + call.way, used)
            stamp, amount = now + call.way, used
        spent.append(Spent(now, stamp, amount))
    return spent, refused


@given(cap=st.integers(1, 40), calls=CALLS)
def test_no_window_is_over_wherever_it_begins(cap: int, calls: list[Wanted]) -> None:
    spent, _ = play(RollingCounter("k", LENGTH, MARGIN), cap, calls)
    for first in spent:
        inside = [c for c in spent if c.late >= first.late and c.early < first.late + LENGTH]
        assert sum(call.amount for call in inside) <= cap


@given(cap=st.integers(1, 40), calls=CALLS, span=st.integers(0, 3 * LENGTH))
def test_nothing_is_late_by_more_than_a_step(cap: int, calls: list[Wanted], span: int) -> None:
    counter = RollingCounter("k", LENGTH, MARGIN)
    spent, _ = play(counter, cap, calls)
    now = spent[-1].early + span if spent else ZERO
    counter.advance(at(now))
    exact = sum(call.amount for call in spent if call.late + LENGTH > now)
    late = sum(call.amount for call in spent if call.late + LENGTH + STEP > now)
    assert exact <= counter.used <= late


@given(cap=st.integers(1, 40), calls=CALLS, amount=st.integers(1, 40))
def test_it_fits_when_it_was_said_to_fit_and_not_before(cap: int, calls: list[Wanted], amount: int) -> None:
    for counter in (RollingCounter("k", LENGTH, MARGIN), BucketCounter("k", LENGTH, MARGIN)):
        spent, _ = play(counter, cap, calls)
        now, wanted = (spent[-1].early if spent else ZERO), min(amount, cap)
        when = counter.frees_at(at(now), cap, wanted)
        assert type(when) is int
        if when > now:
            counter.advance(at(when - 1))
            assert not counter.fits(at(when - 1), cap, wanted)
        when += len(calls)  # what was folded into a bucket is rounded up to nanoseconds
        counter.advance(at(when))
        assert counter.fits(at(when), cap, wanted)


@given(cap=st.integers(1, 40), calls=CALLS)
def test_no_interval_takes_more_than_a_bucket_gives(cap: int, calls: list[Wanted]) -> None:
    """Its capacity, and the refill of the interval's span; whenever the calls have arrived."""
    spent, _ = play(BucketCounter("k", LENGTH, MARGIN), cap, calls)
    for begin in {call.late for call in spent}:
        for end in {call.early for call in spent} | {begin}:
            inside = sum(c.amount for c in spent if c.late >= begin and c.early <= end)
            assert inside <= cap + Fraction(cap * max(0, end - begin), LENGTH)


def exact_leak(spent: list[Spent], now: int, cap: int) -> Fraction:
    """Until when a bucket leaks whose calls have come as late as they can, by now."""
    until = Fraction(0)
    for call in sorted(spent, key=lambda each: each.late):
        until = max(until, Fraction(min(call.late, now))) + Fraction(call.amount * LENGTH, cap)
    return max(until, Fraction(now))


@given(cap=st.integers(1, 40), calls=CALLS, span=st.integers(0, 2 * LENGTH))
def test_a_bucket_is_late_by_no_more_than_a_step(cap: int, calls: list[Wanted], span: int) -> None:
    counter = BucketCounter("k", LENGTH, MARGIN)
    spent, _ = play(counter, cap, calls)
    now = spent[-1].early + span if spent else ZERO
    counter.advance(at(now))
    exact = exact_leak(spent, now, cap) - now
    rounding = len(calls) + 1
    assert exact * cap / LENGTH <= counter.level(at(now), cap)
    assert counter.level(at(now), cap) <= (exact + STEP + rounding) * cap / LENGTH + 1


def test_a_bucket_keeps_what_is_in_it_when_its_capacity_changes() -> None:
    counter = BucketCounter("k", LENGTH, MARGIN)
    assert counter.fits(at(ZERO), 10, 10)
    counter.add(ZERO, 10, at(ZERO))
    counter.advance(at(ZERO + LENGTH // 2))
    assert counter.level(at(ZERO + LENGTH // 2), 10) == 5
    assert counter.level(at(ZERO + LENGTH // 2), 20) in {0, 5}  # a faster refill may have emptied it already
    assert not counter.fits(at(ZERO), 5, 1)


def test_what_was_put_into_a_bucket_long_ago_is_in_it_whatever_its_capacity_is_now() -> None:
    """Twice the capacity was put in; after one window, half of it is left."""
    counter = BucketCounter("k", LENGTH, MARGIN)
    counter.fits(at(ZERO), 10, 1)
    counter.add(ZERO, 20, at(ZERO))
    later = at(ZERO + LENGTH)
    assert not counter.fits(later, 10, 1)
    assert counter.fits(later, 20, 10)
    assert not counter.fits(later, 20, 11)
    assert not counter.fits(later, 5, 1)


def test_copies_of_a_bucket_that_went_apart_count_together() -> None:
    base, own, theirs = (BucketCounter("k", LENGTH, MARGIN) for _ in range(3))
    for counter in (base, own, theirs):
        counter.fits(at(ZERO), 10, 1)
        counter.add(ZERO, 3, at(ZERO))
    own.add(ZERO, 2, at(ZERO))
    theirs.add(ZERO, 4, at(ZERO))
    theirs.merge(own, base, None)
    assert theirs.level(at(ZERO), 10) == 9


def test_a_held_place_is_free_when_it_is_given_back_or_its_lease_has_lapsed() -> None:
    counter = HeldCounter("concurrent")
    counter.add(ZERO + LEASE, 1, at(ZERO + LEASE))
    assert counter.frees_at(at(ZERO), 2, 1) == ZERO
    counter.add(ZERO + 5 + LEASE, 1, at(ZERO + 5 + LEASE))
    assert not counter.fits(at(ZERO), 2, 1)
    assert counter.frees_at(at(ZERO), 2, 1) <= ZERO + 5 + LEASE
    change(counter, at(ZERO + 9), ZERO + LEASE, 1, ZERO + LEASE, 0)
    assert counter.fits(at(ZERO + 9), 2, 1)
    counter.advance(at(ZERO + 5 + LEASE))
    assert counter.used == 0


def test_places_of_which_none_is_taken_can_be_asked_for_more_than_there_are() -> None:
    counter = HeldCounter("concurrent")
    assert not counter.fits(at(ZERO), 2, 3)
    assert counter.frees_at(at(ZERO), 2, 3) == ZERO


@pytest.mark.parametrize("make", [HeldCounter, BucketCounter, RollingCounter])
def test_an_empty_counter_answers_whatever_it_is_asked(make) -> None:
    counter = make("k") if make is HeldCounter else make("k", LENGTH, MARGIN)
    assert counter.frees_at(at(ZERO), 2, 3) >= ZERO
    assert counter.clears_at(at(ZERO), 2) == ZERO
    assert counter.fits(at(ZERO), 2, 2)


def test_a_lease_that_is_renewed_holds_on() -> None:
    counter = HeldCounter("concurrent")
    counter.add(ZERO + LEASE, 1, at(ZERO + LEASE))
    later = ZERO + LEASE // 2
    change(counter, at(later), ZERO + LEASE, 1, later + LEASE, 1)
    counter.advance(at(ZERO + LEASE + 1))
    assert counter.used == 1


def test_what_has_aged_out_is_not_spent_anew_by_a_late_update() -> None:
    counter = RollingCounter("k", LENGTH, MARGIN)
    counter.add(ZERO, 5, at(ZERO))
    later = at(ZERO + LENGTH)
    counter.advance(later)
    change(counter, later, ZERO, 5, ZERO, 9)
    assert counter.used == 0


def test_what_is_written_after_it_has_aged_out_is_spent() -> None:
    """The call looked for a connection for longer than a window."""
    counter = RollingCounter("k", LENGTH, MARGIN)
    counter.add(ZERO, 5, at(ZERO))
    later = at(ZERO + 2 * LENGTH)
    change(counter, later, ZERO, 5, later.tick + MARGIN, 5)
    counter.advance(later)
    assert counter.used == 5


def test_a_bucket_that_had_no_limit_yet_owes_nothing() -> None:
    counter = BucketCounter("k", LENGTH, MARGIN)
    counter.add(ZERO, 1 << 40, at(ZERO))
    counter.advance(at(ZERO + LENGTH))
    assert counter.fits(at(ZERO + LENGTH), 5, 5)
    assert len(written(counter)) == 3


def test_its_memory_is_bounded() -> None:
    counter = RollingCounter("k", LENGTH, MARGIN)
    for number in range(20_000):
        counter.advance(at(ZERO + number * STEP // 40))
        counter.add(ZERO + number * STEP // 40, 1, at(ZERO + number * STEP // 40))
    assert len(written(counter)) < 2 * 260


def written(counter: RollingCounter) -> array[int]:
    """What a counter appends to its book."""
    pieces: list[bytes | array[int]] = []
    counter.dump(pieces)
    return array("q", b"".join(pieces))


KINDS = [
    lambda: RollingCounter("k", LENGTH, MARGIN),
    lambda: BucketCounter("k", LENGTH, MARGIN),
    lambda: HeldCounter("k"),
]


@pytest.mark.parametrize("make", KINDS, ids=["sliding", "bucket", "held"])
@given(cap=st.integers(1, 40), calls=CALLS)
def test_what_is_written_is_what_is_read(make, cap: int, calls: list[Wanted]) -> None:
    counter, again = make(), make()
    play(counter, cap, calls)
    again.restore(written(counter), 0)
    now = at(ZERO + LENGTH)
    assert (again.used, written(again)) == (counter.used, written(counter))
    assert again.frees_at(now, cap, 1) == counter.frees_at(now, cap, 1)


@pytest.mark.parametrize("make", KINDS, ids=["sliding", "bucket", "held"])
@given(numbers=st.lists(st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-3, 5), max_size=12))
def test_damaged_numbers_are_a_value_error_or_a_counter_that_works(make, numbers: list[int]) -> None:
    counter = make()
    try:
        counter.restore(array("q", numbers), 0)
    except (ValueError, LookupError):
        return
    counter.advance(at(ZERO))
    counter.fits(at(ZERO), 10, 1)
    counter.frees_at(at(ZERO), 10, 1)
    assert counter.used >= 0


@pytest.mark.parametrize("lost_since", [None, ZERO])
def test_copies_that_went_apart_count_together(lost_since: int | None) -> None:
    """What both knew counts once, and what either has booked or given back since counts, too."""
    base, own, theirs = (RollingCounter("k", LENGTH, MARGIN) for _ in range(3))
    for counter in (base, own, theirs):
        counter.add(ZERO, 3, at(ZERO))
    own.add(ZERO + 5 * STEP, 2, at(ZERO))
    own.add(ZERO + 9 * STEP, 1, at(ZERO))
    theirs.add(ZERO + 9 * STEP, 4, at(ZERO))
    change(own, at(ZERO), ZERO, 1, ZERO, 0)
    theirs.merge(own, base, lost_since)
    assert theirs.used == 2 + 2 + 1 + 4
    assert list(theirs.stamps) == [ZERO, ZERO + 5 * STEP, ZERO + 9 * STEP]


def test_what_others_have_lost_is_told_again() -> None:
    base, own, theirs = (RollingCounter("k", LENGTH, MARGIN) for _ in range(3))
    for counter in (base, own):
        counter.add(ZERO, 3, at(ZERO))
    own.add(ZERO + 5 * STEP, 2, at(ZERO))
    theirs.merge(own, base, ZERO)
    assert theirs.used == 5


@pytest.mark.parametrize("cap", [3, 7, 11, 13])
def test_a_full_bucket_takes_exactly_its_capacity_at_once(cap: int) -> None:
    counter = BucketCounter("k", LENGTH, MARGIN)
    for _ in range(cap):
        assert counter.fits(at(ZERO), cap, 1)
        counter.add(ZERO + MARGIN, 1, at(ZERO + MARGIN))
    assert not counter.fits(at(ZERO), cap, 1)
    assert counter.frees_at(at(ZERO), cap, 1) > ZERO + MARGIN  # as soon as it surely fits: one question more
