"""What a book makes of a call: charges of each mode, from when on they age out, and what is kept of them."""

from __future__ import annotations

import json
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.quota import (
    HELD,
    MINUTE,
    NANOSECONDS,
    Amounts,
    Bucket,
    CalendarDay,
    CalendarMonth,
    Kind,
    Limit,
    Sliding,
)
from massgen_plugins.rate_limit.book import Book, amounts_of, read_window, write_window
from massgen_plugins.rate_limit.moment import NEVER, Moment
from massgen_plugins.rate_limit.reservation import WRITE_GRACE, Ask, Booking, Reservation
from massgen_plugins.rate_limit.rolling_windows import LEASE

ZERO, NOON = 10**15, 1_790_000_000 * NANOSECONDS
MARGIN = 2 * NANOSECONDS
STEP = MINUTE.length // 250
PLACE_MARGIN = 150_000_000
PACIFIC = "America/Los_Angeles"
PER_MINUTE = Limit(Kind.INPUT_TOKENS, 100, MINUTE)
PER_DAY = Limit(Kind.INPUT_TOKENS, 100, CalendarDay(PACIFIC))
OUTPUT = Limit(Kind.OUTPUT_TOKENS, 100, MINUTE)
PLACES = Limit(Kind.CONCURRENT, 5, HELD)
TOKENS = {Kind.INPUT_TOKENS: 10}


class Desk:
    """A book, time, and calls as they are made."""

    def __init__(self, *limits: Limit) -> None:
        self.book, self.now = Book(), Moment(ZERO, NOON)
        self.limits = limits
        for limit in limits:
            self.book.counter(limit)

    def pass_time(self, nanoseconds: float) -> None:
        span = int(nanoseconds)
        self.now = Moment(self.now.tick + span, self.now.wall + span)

    def take(self, amounts: Amounts, expected: frozenset[str] = frozenset(), **more) -> Reservation:
        begun = self.now.tick + WRITE_GRACE
        booking = Booking(amounts, expected, begun, NEVER, begun, NEVER, self.now.wall, 0)
        call = Reservation(Ask(("pool",), amounts, self.now.tick, expected=expected, **more), booking)
        call.leased = True
        call.attach(lambda: self.now.tick, lambda: self.now, self._note)
        self.book.advance(self.now)
        self.book.add(booking, self.now)
        return call

    def _note(self, call: Reservation) -> None:
        self.book.advance(self.now)
        self.book.change(call.booked, call.booking, self.now)
        call.booked = call.booking

    @property
    def used(self) -> list[int]:
        self.book.advance(self.now)
        return [self.book.counter(limit).used for limit in self.limits]


def test_a_call_ages_out_one_window_after_its_headers() -> None:
    desk = Desk(PER_MINUTE)
    call = desk.take(TOKENS)
    desk.pass_time(NANOSECONDS)
    call.answered()
    desk.pass_time(MINUTE.length - 1)
    assert desk.used == [10]
    desk.pass_time(1)
    assert desk.used == [0]


def test_a_call_without_an_answer_ages_out_one_window_after_its_margin() -> None:
    desk = Desk(PER_MINUTE)
    desk.take(TOKENS)
    desk.pass_time(WRITE_GRACE + MARGIN + MINUTE.length - 1)
    assert desk.used == [10]
    desk.pass_time(1)
    assert desk.used == [0]


def test_a_call_that_is_written_late_counts_from_then_on() -> None:
    desk = Desk(PER_MINUTE)
    call = desk.take(TOKENS)
    desk.pass_time(40 * NANOSECONDS)
    call.written()
    desk.pass_time(MINUTE.length + MARGIN - 1)
    assert desk.used == [10]
    desk.pass_time(1)
    assert desk.used == [0]


def test_a_bound_is_replaced_by_what_was_used() -> None:
    desk = Desk(PER_MINUTE, PER_DAY)
    call = desk.take(TOKENS)
    for used in (4, 25, 3, 3):
        call.settle({Kind.INPUT_TOKENS: used})
        assert desk.used == [used, used]


def test_what_the_provider_keeps_is_only_raised() -> None:
    desk = Desk(PER_MINUTE, PER_DAY)
    call = desk.take(TOKENS, kept=frozenset({Kind.INPUT_TOKENS}))
    call.settle({Kind.INPUT_TOKENS: 4})
    assert desk.used == [10, 10]
    call.settle({Kind.INPUT_TOKENS: 14})
    call.settle({Kind.INPUT_TOKENS: 12})
    assert desk.used == [14, 14]
    call.settle_all({Kind.INPUT_TOKENS: 0})  # refused: nothing was taken at all
    assert desk.used == [0, 0]


def test_a_kind_that_was_not_charged_is_not_booked() -> None:
    desk = Desk(PER_MINUTE, OUTPUT)
    call = desk.take(TOKENS)
    call.settle({Kind.INPUT_TOKENS: 10, Kind.OUTPUT_TOKENS: 50})
    assert desk.used == [10, 0]


def test_what_is_expected_ages_from_the_end_of_the_call() -> None:
    """It is counted while the answer is produced, however long that takes."""
    desk = Desk(OUTPUT)
    call = desk.take({Kind.OUTPUT_TOKENS: 20}, frozenset({Kind.OUTPUT_TOKENS}))
    call.answered()
    for _ in range(5):
        desk.pass_time(LEASE / 2)
        call.renew()
    call.settle({Kind.OUTPUT_TOKENS: 30})
    call.finished()
    desk.pass_time(MINUTE.length - 1)
    assert desk.used == [30]
    desk.pass_time(1)
    assert desk.used == [0]


def test_what_is_expected_of_a_process_that_died_ages_from_its_lease() -> None:
    desk = Desk(OUTPUT)
    desk.take({Kind.OUTPUT_TOKENS: 20}, frozenset({Kind.OUTPUT_TOKENS}))
    desk.pass_time(WRITE_GRACE + LEASE + MINUTE.length - 1)
    assert desk.used == [20]
    desk.pass_time(1)
    assert desk.used == [0]


def test_a_place_is_held_until_the_call_is_over() -> None:
    desk = Desk(PLACES, PER_MINUTE)
    amounts = {**TOKENS, Kind.CONCURRENT: 1}
    one, other = desk.take(amounts), desk.take(amounts)
    one.answered()
    assert desk.used == [2, 20]
    one.finished()
    one.finished()
    assert desk.used == [2, 20]  # the server may not have noticed yet
    desk.pass_time(PLACE_MARGIN)
    assert desk.used == [1, 20]
    desk.pass_time(WRITE_GRACE + LEASE)
    assert desk.used[0] == 0
    other.finished()
    desk.pass_time(PLACE_MARGIN)
    assert desk.used[0] == 0


def test_a_call_that_was_never_sent_took_nothing() -> None:
    desk = Desk(PER_MINUTE, PER_DAY, PLACES, OUTPUT)
    kinds = {**TOKENS, Kind.CONCURRENT: 1, Kind.OUTPUT_TOKENS: 5}
    call = desk.take(kinds, frozenset({Kind.OUTPUT_TOKENS}))
    call.release()
    assert desk.used == [0, 0, 0, 0]
    call.settle({Kind.INPUT_TOKENS: 9})
    call.finished()
    assert desk.used == [0, 0, 0, 0]


def test_a_call_that_is_written_after_midnight_counts_on_the_new_day() -> None:
    desk = Desk(PER_DAY)
    midnight = 1_790_060_400 * NANOSECONDS
    desk.now = Moment(ZERO, midnight - 30 * NANOSECONDS)
    call = desk.take(TOKENS)
    desk.pass_time(40 * NANOSECONDS)
    assert desk.used == [0]
    call.written()
    assert desk.used == [10]
    desk.now = Moment(desk.now.tick, midnight - NANOSECONDS * 30)
    assert desk.used == [0]


WINDOWS = st.one_of(
    st.builds(Sliding, st.integers(NANOSECONDS // 1000, 10**17)),
    st.builds(Bucket, st.integers(NANOSECONDS // 1000, 10**17)),
    st.builds(CalendarDay, st.sampled_from(["UTC", PACIFIC])),
    st.builds(CalendarMonth, st.sampled_from(["UTC", PACIFIC])),
    st.just(HELD),
)


@given(window=WINDOWS)
def test_a_window_is_read_as_it_was_written(window) -> None:
    assert read_window(json.loads(json.dumps(write_window(window)))) == window


@given(
    windows=st.lists(WINDOWS, max_size=6),
    calls=st.lists(st.tuples(st.integers(0, 10**10), st.integers(0, 1 << 40)), max_size=12),
)
def test_a_book_is_read_as_it_was_written(windows, calls) -> None:
    desk = Desk(*(Limit(f"kind{number % 2}", 100, window) for number, window in enumerate(windows)))
    for pause, amount in calls:
        desk.pass_time(pause)
        desk.take({"kind0": amount, "kind1": amount // 2})
    again = Book.restore(desk.book.dump())
    assert again.dump() == desk.book.dump()
    for limit in desk.limits:
        assert again.counter(limit).used == desk.book.counter(limit).used or not isinstance(
            limit.window, Sliding
        )


def test_a_book_is_read_into_the_counters_that_are_there() -> None:
    desk = Desk(PER_MINUTE, PER_DAY)
    desk.take(TOKENS)
    before, counter = desk.book.dump(), desk.book.counter(PER_MINUTE)
    desk.take(TOKENS)
    assert not desk.book.load(before)
    assert desk.book.counter(PER_MINUTE) is counter
    assert desk.used == [10, 10]
    desk.book.counter(PLACES)
    assert desk.book.load(before)


def written_book() -> bytes:
    desk = Desk(PER_MINUTE, PER_DAY, PLACES, Limit("k", 9, Bucket(MINUTE.length)))
    for _ in range(4):
        desk.take({**TOKENS, Kind.CONCURRENT: 1, "k": 2})
        desk.pass_time(NANOSECONDS)
    return desk.book.dump()


WRITTEN = written_book()


@given(place=st.integers(0, len(WRITTEN) - 1), byte=st.integers(0, 255), cut=st.booleans())
def test_damage_is_a_value_error_or_a_book_that_works(place: int, byte: int, cut: bool) -> None:
    data = WRITTEN[:place] if cut else WRITTEN[:place] + bytes([byte]) + WRITTEN[place + 1 :]
    _works(data)


@given(
    data=st.binary(max_size=200)
    | st.builds(
        lambda legend, rest: legend.encode() + b"\n" + rest,
        st.recursive(st.none() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=8).map(
            json.dumps
        ),
        st.binary(max_size=64),
    )
)
def test_what_is_no_book_is_a_value_error_or_a_book_that_works(data: bytes) -> None:
    _works(data)
    _works(data + crc32(data).to_bytes(4))


@given(place=st.integers(0, len(WRITTEN) - 5), byte=st.integers(0, 255))
def test_what_a_stranger_has_written_is_a_value_error_or_a_book_that_works(place: int, byte: int) -> None:
    data = WRITTEN[:place] + bytes([byte]) + WRITTEN[place + 1 : -4]
    _works(data + crc32(data).to_bytes(4))


@given(place=st.integers(0, len(WRITTEN) - 1), byte=st.integers(1, 255))
def test_damage_is_found(place: int, byte: int) -> None:
    with pytest.raises(ValueError, match="checksum"):
        Book.restore(WRITTEN[:place] + bytes([WRITTEN[place] ^ byte]) + WRITTEN[place + 1 :])


@pytest.mark.parametrize("data", [b"", b"\x00", bytes(4), bytes(8)])
def test_zeros_are_no_book(data: bytes) -> None:
    with pytest.raises(ValueError, match="checksum"):
        Book.restore(data)


def _works(data: bytes) -> None:
    try:
        book = Book.restore(data)
    except ValueError:
        return
    now = Moment(ZERO, NOON)
    book.advance(now)
    for counter in book.counters.values():
        counter.fits(now, 10, 1)
        counter.frees_at(now, 10, 1)
        counter.clears_at(now, 10)
    begun = now.tick + WRITE_GRACE
    kinds = dict.fromkeys((counter.kind for counter in book.counters.values()), 1)
    booking = Booking(kinds, frozenset(), begun, NEVER, begun, NEVER, now.wall, 0)
    book.add(booking, now)
    book.change(booking, booking._replace(answered=now.tick), now)
    Book.restore(book.dump())


@pytest.mark.parametrize(
    "written",
    [[], ["sliding"], ["sliding", 0], ["sliding", 1 << 63], ["day", "No/Zone"], ["week", "UTC"], ["day", 3]],
)
def test_what_is_no_window_is_a_value_error(written) -> None:
    with pytest.raises(ValueError, match=r"window|zone"):
        read_window(written)


def test_amounts_are_summed_by_kind() -> None:
    assert amounts_of([{"a": 1}, {"a": 2, "b": 3}, {}]) == {"a": 3, "b": 3}
