"""What no other test noticed when the arithmetic was changed in small ways (``make mutants``)."""

from __future__ import annotations

import pytest

from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.quota import (
    MINUTE,
    NANOSECONDS,
    Bucket,
    CalendarDay,
    Kind,
    Limit,
    PoolRules,
    Sliding,
)
from massgen_plugins.rate_limit.calendar_windows import CalendarCounter, period_end, period_of, periods_at
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.learning import refused
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.verdict import Blocker, LimitView, Reason

DAY = CalendarDay("UTC")
NOON = Moment(10**15, 1_790_035_200 * NANOSECONDS)
"""Noon of a day in UTC."""


def later(seconds: float) -> Moment:
    span = int(seconds * NANOSECONDS)
    return Moment(NOON.tick + span, NOON.wall + span)


class Pool:
    """A pool alone in its domain, as callers see it."""

    def __init__(self, *limits: Limit, **more: object) -> None:
        self.state = DomainState("process")
        self.rules = PoolRules(limits, cooldown_mode="off", zone=DAY.zone, **more)

    def ask(self, seconds: float, kind: str = Kind.REQUESTS, amount: int = 1) -> Blocker | None:
        """Why a call may not leave; None if it does."""
        return self.ask_at(later(seconds), kind, amount)

    def ask_at(self, now: Moment, kind: str = Kind.REQUESTS, amount: int = 1) -> Blocker | None:
        self.state.configure("pool", self.rules, now.tick)
        verdict = self.state.decide(now, Ask(("pool",), {kind: amount}, now.tick))
        return None if isinstance(verdict, Reservation) else verdict.blocker

    def refused(self, seconds: float, refusal: Refusal, left: float | None = None) -> None:
        """A call is refused that left at ``left``, or just now."""
        call = DomainState("other").decide(later(seconds if left is None else left), Ask(("pool",), {}, 0))
        assert isinstance(call, Reservation)
        self.state.configure("pool", self.rules, later(seconds).tick)
        refused(self.state, later(seconds), call, refusal, 0.0)

    def view(self, seconds: float) -> LimitView:
        [row] = self.state.pool("pool").view(later(seconds))
        return row


RPM = Limit(Kind.REQUESTS, 3, MINUTE)
HOURS = 3600


@pytest.mark.parametrize(
    ("refusal", "reason", "seconds"),
    [
        (Refusal(RefusalKind.WINDOW, retry_after=26.0, quote="too fast"), Reason.PAUSE, 27),
        (Refusal(RefusalKind.UNTIL, retry_after=26.0, quote="too fast"), Reason.PAUSE, 27),
        (Refusal(RefusalKind.UNTIL, retry_after=601.0, quote="too fast"), Reason.UNTIL, 602),
        (Refusal(RefusalKind.PERMANENT, quote="too fast"), Reason.CLOSED, 60),
    ],
    ids=["window", "a hint", "a hint beyond the longest wait", "closed"],
)
def test_who_has_to_wait_is_told_where_why_until_when_and_in_whose_words(refusal, reason, seconds) -> None:
    pool = Pool(RPM, max_wait=600 * NANOSECONDS)
    pool.refused(0, refusal)
    blocker = pool.ask(1)
    assert (blocker.reason, blocker.pool, blocker.quote) == (reason, "pool", "too fast")
    assert blocker.until == later(seconds).tick
    assert pool.ask(seconds) is None


def test_what_is_used_and_when_there_is_room_is_shown() -> None:
    pool = Pool(RPM)
    assert pool.ask(0) is None
    first = pool.view(1)
    assert (first.used, first.next_slot) == (1, 0)
    assert [pool.ask(seconds) for seconds in (1, 2)] == [None, None]
    full = pool.view(3)
    assert full.used == 3
    assert 56 * NANOSECONDS < full.next_slot < 60 * NANOSECONDS
    assert pool.ask(3 + full.next_slot / NANOSECONDS) is None


def test_of_a_closed_limit_nothing_is_ever_free() -> None:
    pool = Pool(Limit(Kind.REQUESTS, 0, MINUTE))
    pool.ask(0)
    assert pool.view(1).next_slot > 10**6 * NANOSECONDS


def test_a_bucket_leaks_by_whole_nanoseconds_and_is_never_over() -> None:
    """Three calls a minute leak in thirds of a minute, and 7 in sevenths, which are no whole nanoseconds."""
    for amount in (3, 7):
        pool = Pool(Limit(Kind.REQUESTS, amount, Bucket(60 * NANOSECONDS)))
        left, seconds = [], 0.0
        while seconds < 600:
            blocker = pool.ask(seconds)
            if blocker is None:
                left.append(seconds)
                continue
            assert isinstance(blocker.until, int)
            seconds = max((blocker.until - NOON.tick) / NANOSECONDS, seconds + 1e-6)
        assert len(left) <= amount * 11
        assert len(left) >= amount * 11 - 2
        assert isinstance(pool.view(seconds).resets, int)


def test_what_a_call_does_not_take_ages_out_all_the_same() -> None:
    pool = Pool(Limit(Kind.INPUT_TOKENS, 100, Sliding(HOURS * NANOSECONDS)), RPM)
    assert pool.ask(0, Kind.INPUT_TOKENS, 60) is None
    assert pool.ask(0, Kind.INPUT_TOKENS, 60) is not None
    assert pool.ask(1.1 * HOURS) is None  # takes a request, and no token
    assert pool.ask(1.1 * HOURS, Kind.INPUT_TOKENS, 100) is None


def test_each_of_many_days_has_its_own_limit() -> None:
    """Of days only the latest are kept, and of these the one that is forgotten is never today."""
    pool = Pool(Limit(Kind.REQUESTS, 2, DAY))
    for day in range(6):
        seconds = day * 24 * HOURS
        assert [pool.ask(seconds + number) for number in range(2)] == [None, None]
        assert pool.ask(seconds + 2).reason is Reason.UNTIL
        assert pool.ask(seconds + 11.9 * HOURS).reason is Reason.UNTIL


def test_a_wall_clock_that_was_wrong_for_a_moment_costs_no_day() -> None:
    pool = Pool(Limit(Kind.REQUESTS, 2, DAY))
    for day in (400, 401, 0):
        assert [pool.ask(day * 24 * HOURS + number) for number in range(2)] == [None, None]
        assert pool.ask(day * 24 * HOURS + 2).reason is Reason.UNTIL


def test_close_before_midnight_both_days_count_from_the_first_nanosecond_on() -> None:
    counter = CalendarCounter(Kind.REQUESTS, DAY)
    midnight = period_end(period_of(NOON.wall, DAY), DAY)
    both = next(
        midnight - margin
        for margin in range(3 * NANOSECONDS, 0, -NANOSECONDS // 20)
        if len(periods_at(DAY, midnight - margin, 0)) > 1
    )
    for wall in (both - 1, both, both + 1, midnight - 1, midnight):
        counter.advance(Moment(0, wall))
        assert counter.periods == periods_at(DAY, wall, 0)


def test_a_refusal_that_states_the_declared_limit_teaches_nothing() -> None:
    pool = Pool(RPM)
    stated = StatedLimit(Kind.REQUESTS, MINUTE, RPM.amount)
    pool.refused(0, Refusal(RefusalKind.WINDOW, retry_after=1.0, limits=(stated,)))
    assert pool.state.pool("pool").penalties.learned == {}


@pytest.mark.parametrize(("limit", "allowed"), [(0, 0), (3, 1), (10, 1), (25, 2)])
def test_a_process_that_is_alone_takes_its_share_and_one_call_at_least(limit: int, allowed: int) -> None:
    pool = Pool(Limit(Kind.REQUESTS, limit, MINUTE))
    pool.state.configure("pool", pool.rules, NOON.tick)
    pool.state.go_offline(NOON, 10)
    assert sum(pool.ask(1 + number / 10) is None for number in range(10)) == allowed


@pytest.mark.parametrize("window", [MINUTE, Bucket(60 * NANOSECONDS)], ids=["sliding", "bucket"])
def test_a_call_fits_at_the_tick_that_was_told_and_not_before(window) -> None:
    pool = Pool(Limit(Kind.REQUESTS, 1, window))
    assert pool.ask(0) is None
    until = pool.ask(1).until
    assert pool.ask_at(Moment(until - 1, NOON.wall)) is not None
    assert pool.ask_at(Moment(until, NOON.wall)) is None


def test_after_an_overload_days_are_whole_and_what_is_closed_stays_closed() -> None:
    pool = Pool(Limit(Kind.REQUESTS, 20, MINUTE), Limit(Kind.REQUESTS, 20, DAY))
    pool.refused(0, Refusal(RefusalKind.OVERLOAD))
    caps = {row.limit.window: row.cap for row in pool.state.pool("pool").view(later(1))}
    assert caps[DAY] == 20
    assert 10 <= caps[MINUTE] <= 11
    closed = Pool(Limit(Kind.REQUESTS, 0, MINUTE))
    closed.refused(0, Refusal(RefusalKind.OVERLOAD))
    assert closed.ask(30).reason is Reason.CLOSED


def test_of_a_pause_and_a_limit_the_later_end_is_told_and_what_waiting_does_not_cure_first() -> None:
    pool = Pool(RPM)
    assert [pool.ask(0) for _ in range(3)] == [None] * 3
    pool.refused(0.5, Refusal(RefusalKind.WINDOW, retry_after=26.0))
    assert pool.ask(1).reason is Reason.LIMIT
    assert pool.ask(1).until >= later(60).tick
    pool.refused(1, Refusal(RefusalKind.WINDOW, retry_after=90.0))
    assert pool.ask(2).reason is Reason.PAUSE
    assert pool.ask(2).until == later(92).tick
    day = Pool(Limit(Kind.REQUESTS, 1, DAY))
    assert day.ask(0) is None
    day.refused(1, Refusal(RefusalKind.WINDOW, retry_after=90.0))
    assert day.ask(2).reason is Reason.UNTIL


def test_what_was_learned_under_one_limit_is_forgotten_under_each_next_one() -> None:
    pool = Pool(Limit(Kind.REQUESTS, 20, MINUTE))
    pool.ask(0)
    for second, amount in enumerate((10, 20, 10), start=1):
        pool.rules = PoolRules((Limit(Kind.REQUESTS, amount, MINUTE),), cooldown_mode="off")
        stated = StatedLimit(Kind.REQUESTS, MINUTE, 5)
        pool.refused(100 * second, Refusal(RefusalKind.WINDOW, retry_after=0.0, limits=(stated,)))
        assert pool.view(100 * second).cap == 5
        pool.rules = PoolRules((Limit(Kind.REQUESTS, 30 - amount, MINUTE),), cooldown_mode="off")
        pool.ask(100 * second + 70)
        assert pool.view(100 * second + 70).cap == 30 - amount


def test_a_call_whose_charge_is_expected_is_leased_where_that_kind_counts() -> None:
    pool = Pool(Limit(Kind.INPUT_TOKENS, 100, MINUTE))
    pool.state.configure("pool", pool.rules, NOON.tick)
    amounts = {Kind.INPUT_TOKENS: 1, Kind.OUTPUT_TOKENS: 1}
    leased = {
        kind: pool.state.decide(NOON, Ask(("pool",), amounts, NOON.tick, expected=frozenset({kind}))).leased
        for kind in amounts
    }
    assert leased == {Kind.INPUT_TOKENS: True, Kind.OUTPUT_TOKENS: False}
