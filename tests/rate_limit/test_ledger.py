"""A scope's ledger: holds that are stamped, settled and released, over windows and days."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Kind, Limit
from massgen_plugins.rate_limit.calendar_day import day_end, day_of
from massgen_plugins.rate_limit.hold import NOT_YET, Hold, Page
from massgen_plugins.rate_limit.lanes import pack
from massgen_plugins.rate_limit.ledger import Ledger, Moment

PACIFIC = "America/Los_Angeles"
START = Moment(10**15, 1_790_000_000 * NANOSECONDS)
STEP = 0.2  # a call that shares its cell with another one may age out so much later
REQUESTS, TOKENS = Kind.REQUESTS, Kind.INPUT_TOKENS


def later(seconds: float, moment: Moment = START) -> Moment:
    span = int(seconds * NANOSECONDS)
    return Moment(moment.tick + span, moment.wall + span)


def wall(text: str, zone: str = PACIFIC) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * NANOSECONDS


def reserve(ledger: Ledger, now: Moment, amounts) -> Hold:
    ledger.advance(now)
    return ledger.book(now.tick, ledger.row(amounts))


def rebook(ledger: Ledger, hold: Hold, now: Moment, **changes) -> None:
    for name, value in changes.items():
        setattr(hold, name, value)
    ledger.advance(now)
    ledger.rebook([hold])


def fits(ledger: Ledger, now: Moment, amounts) -> bool:
    ledger.advance(now)
    return max(ledger.excess(ledger.row(amounts))) <= 0


def used(ledger: Ledger, now: Moment) -> list[int]:
    ledger.advance(now)
    return ledger.used()


def test_a_call_counts_until_one_window_after_its_headers() -> None:
    ledger = Ledger([Limit(REQUESTS, 1, MINUTE)])
    hold = reserve(ledger, START, {REQUESTS: 1})
    headers = later(0.7)
    ledger.advance(headers)
    rebook(ledger, hold, headers, arrived=headers.tick)
    for seconds, expected in [(59.9, False), (60.69, False), (60.7, True)]:
        ledger.advance(later(seconds))
        assert fits(ledger, later(seconds), {REQUESTS: 1}) is expected


def test_headers_that_come_late_do_not_hold_the_call_longer_than_the_margin() -> None:
    ledger = Ledger([Limit(REQUESTS, 1, MINUTE)])
    hold = reserve(ledger, START, {REQUESTS: 1})
    rebook(ledger, hold, later(40), arrived=later(40).tick)
    ledger.advance(later(62.05 + STEP))
    assert fits(ledger, later(62.05 + STEP), {REQUESTS: 1})


def test_a_call_of_a_process_that_died_stays_spent_for_one_window_and_its_margin() -> None:
    ledger = Ledger([Limit(REQUESTS, 1, MINUTE)])
    reserve(ledger, START, {REQUESTS: 1})
    ledger.advance(later(62))
    assert not fits(ledger, later(62), {REQUESTS: 1})
    ledger.advance(later(62.05 + STEP))
    assert fits(ledger, later(62.05 + STEP), {REQUESTS: 1})


@pytest.mark.parametrize("pause", [1, 3, 9, 50, 59.9])
def test_what_other_processes_booked_long_after_one_another_counts_though_it_is_heard_of_at_once(
    pause: float,
) -> None:
    ours, theirs = (Ledger([Limit(TOKENS, 100, MINUTE)]) for _ in range(2))
    ours.advance(START)
    changes = []
    for moment in (later(300), later(300 + pause)):
        hold = reserve(theirs, moment, {TOKENS: 40})
        changes.append(((hold.begun, NOT_YET, 0), hold.booked, Page(ours.lanes, {})))
    ours.replay(changes)
    assert used(ours, later(300 + pause)) == [80]


def test_settling_late_spends_nothing_anew() -> None:
    ledger = Ledger([Limit(TOKENS, 100, MINUTE)])
    hold = reserve(ledger, START, {TOKENS: 10})
    ledger.advance(later(70))
    rebook(ledger, hold, later(70), row=pack([90]))
    assert used(ledger, later(70)) == [0]


def test_a_release_gives_back_every_kind_in_every_window() -> None:
    ledger = Ledger(
        [Limit(REQUESTS, 5, MINUTE), Limit(TOKENS, 50, MINUTE), Limit(REQUESTS, 9, CalendarDay(PACIFIC))]
    )
    hold = reserve(ledger, START, {REQUESTS: 1, TOKENS: 7})
    assert used(ledger, START) == [1, 7, 1]
    hold.release()
    rebook(ledger, hold, START)
    assert used(ledger, START) == [0, 0, 0]


def test_a_day_ends_at_midnight_in_its_zone() -> None:
    ledger = Ledger([Limit(REQUESTS, 1, CalendarDay(PACIFIC))])
    evening = Moment(START.tick, wall("2026-11-23T23:00:00"))
    reserve(ledger, evening, {REQUESTS: 1})
    assert not fits(ledger, later(3_599, evening), {REQUESTS: 1})
    assert fits(ledger, later(3_600, evening), {REQUESTS: 1})
    ledger.advance(evening)
    limit, resets = ledger.spent_day(evening, ledger.excess(pack([1])))
    assert (limit.amount, resets) == (1, wall("2026-11-24T00:00:00"))


def test_a_call_within_the_margin_of_midnight_counts_in_both_days() -> None:
    ledger = Ledger([Limit(REQUESTS, 1, CalendarDay(PACIFIC))])
    close = Moment(START.tick, wall("2026-11-23T23:59:59"))
    hold = reserve(ledger, close, {REQUESTS: 1})
    assert not fits(ledger, later(3_600, close), {REQUESTS: 1})
    hold.release()
    rebook(ledger, hold, later(3_600, close))
    assert fits(ledger, later(3_600, close), {REQUESTS: 1})


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-08T12:00:00", 23), ("2026-11-01T12:00:00", 25), ("2026-11-23T12:00:00", 24)]
)
def test_days_of_23_and_25_hours(day: str, hours: int) -> None:
    ordinal = day_of(wall(day), PACIFIC)
    length = day_end(ordinal, PACIFIC) - day_end(ordinal - 1, PACIFIC)
    assert length == hours * 3_600 * NANOSECONDS


def test_a_wall_clock_that_was_wrong_by_a_year_does_not_block_for_a_year() -> None:
    ledger = Ledger([Limit(REQUESTS, 1, CalendarDay(PACIFIC))])
    reserve(ledger, Moment(START.tick, wall("2027-11-23T12:00:00")), {REQUESTS: 1})
    now = Moment(START.tick, wall("2026-11-23T12:00:00"))
    assert fits(ledger, now, {REQUESTS: 1})


def test_while_it_may_be_tomorrow_already_a_call_counts_on_both_days() -> None:
    """The range in which the time lies becomes wider at the same moment, and narrow again."""
    ledger = Ledger([Limit(REQUESTS, 9, CalendarDay(PACIFIC))])
    evening = Moment(START.tick, wall("2026-11-23T23:59:00"))
    for slack, before in ((0, 0), (58 * NANOSECONDS, 1), (57 * NANOSECONDS, 2)):
        now = evening._replace(slack=slack)
        assert used(ledger, now) == [before]
        reserve(ledger, now, {REQUESTS: 1})
    assert used(ledger, evening) == [3]
    assert used(ledger, evening._replace(wall=wall("2026-11-24T00:00:00"))) == [1]


def test_limits_that_change_keep_what_was_spent() -> None:
    old = Ledger(
        [Limit(REQUESTS, 9, MINUTE), Limit(TOKENS, 500, MINUTE), Limit(REQUESTS, 90, CalendarDay(PACIFIC))]
    )
    hold = reserve(old, START, {REQUESTS: 1, TOKENS: 40})
    new = Ledger([Limit(TOKENS, 100, MINUTE), Limit(REQUESTS, 5, CalendarDay(PACIFIC))])
    new.take_over(old)
    assert used(new, START) == [40, 1]
    hold.release()
    rebook(new, hold, START)
    assert used(new, START) == [0, 0]


@given(
    st.lists(
        st.tuples(st.floats(0, 30), st.integers(1, 60), st.floats(0, 5), st.integers(0, 60)),
        min_size=1,
        max_size=60,
    )
)
def test_what_was_admitted_never_passes_the_limit_in_any_window_at_the_server(script) -> None:
    """Calls reach the server any time up to the margin after they were written, and take what was settled."""
    ledger = Ledger([Limit(TOKENS, 100, MINUTE)])
    now, arrived = START, []
    for pause, wanted, latency, actual in script:
        now = later(pause, now)
        ledger.advance(now)
        if not fits(ledger, now, {TOKENS: wanted}):
            continue
        hold = reserve(ledger, now, {TOKENS: wanted})
        server = now.tick + int(min(latency, 2) * NANOSECONDS)
        taken = min(actual, wanted)
        headers = server + int(0.01 * NANOSECONDS)
        rebook(ledger, hold, now, begun=now.tick, arrived=headers, row=pack([taken]))
        arrived.append((server, taken))
    for start, _ in arrived:
        inside = sum(taken for at, taken in arrived if start <= at < start + MINUTE.length)
        assert inside <= 100
