"""The table of what refusals teach, row by row."""

from __future__ import annotations

import pytest

from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Kind, Limit, ScopeRules
from massgen_plugins.rate_limit.decision import Reason
from massgen_plugins.rate_limit.ledger import Moment
from massgen_plugins.rate_limit.lessons import FULL
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.scope_state import ScopeState

PACIFIC = "America/Los_Angeles"
NOW = Moment(10**15, 1_790_000_000 * NANOSECONDS)
RPM = Limit(Kind.REQUESTS, 9, MINUTE)
RPD = Limit(Kind.REQUESTS, 245, CalendarDay(PACIFIC))
ONE = {Kind.REQUESTS: 1}


def later(seconds: float) -> Moment:
    span = int(seconds * NANOSECONDS)
    return Moment(NOW.tick + span, NOW.wall + span)


def state(*limits: Limit) -> ScopeState:
    return ScopeState(ScopeRules(limits=limits or (RPM, RPD), zone=PACIFIC))


def ask(scope: ScopeState, seconds: float, count: int = 1, lane: str = "lane"):
    moment = later(seconds)
    return scope.admit(moment, lane, [Bid(1, moment.tick, ONE) for _ in range(count)])


def minute(amount: int | None, hint: float | None = 26.0) -> Refusal:
    return Refusal(RefusalKind.MINUTE, hint, [StatedLimit(Kind.REQUESTS, per_day=False, amount=amount)])


def test_a_minutes_limit_pauses_the_scope_until_the_hint_and_a_second() -> None:
    scope = state()
    scope.refused(NOW, minute(10), NOW.tick, 0.0)
    assert ask(scope, 26.9).blocker.reason is Reason.PAUSE
    assert ask(scope, 27.0).holds


def test_a_pause_that_is_over_releases_one_call_and_not_a_herd() -> None:
    scope = state()
    scope.refused(NOW, minute(10), NOW.tick, 0.0)
    decision = ask(scope, 30, count=5)
    assert len(decision.holds) == 1
    assert decision.blocker.reason is Reason.PROBE
    scope.succeeded(later(1), later(1).tick)
    assert len(ask(scope, 30.5, count=4).holds) == 4


def test_a_lower_limit_is_adopted_and_a_higher_one_is_not() -> None:
    scope = state()
    assert scope.refused(NOW, minute(5), NOW.tick, 0.0)
    assert not scope.refused(NOW, minute(10), NOW.tick, 0.0)
    scope.succeeded(later(1), later(1).tick)
    assert len(ask(scope, 100, count=9).holds) == 5


def test_a_learned_limit_is_forgotten_when_the_declared_one_changes() -> None:
    scope = state(RPM)
    scope.refused(NOW, minute(5), NOW.tick, 0.0)
    scope.configure(ScopeRules(limits=(Limit(Kind.REQUESTS, 1_000, MINUTE),), zone=PACIFIC))
    scope.succeeded(later(1), later(1).tick)
    assert len(ask(scope, 100, count=50).holds) == 50


def test_a_learned_limit_of_a_kind_that_was_never_declared_is_kept() -> None:
    scope = state(RPM)
    tokens = Refusal(RefusalKind.MINUTE, 1.0, [StatedLimit(Kind.INPUT_TOKENS, per_day=False, amount=100)])
    scope.refused(NOW, tokens, NOW.tick, 0.0)
    scope.succeeded(later(1), later(1).tick)
    bid = {Kind.REQUESTS: 1, Kind.INPUT_TOKENS: 60}
    decision = scope.admit(later(90), "lane", [Bid(1, 1, bid), Bid(1, 2, bid)])
    assert len(decision.holds) == 1
    assert decision.blocker.limit.amount == 100


def test_a_days_limit_is_over_until_midnight_in_the_providers_zone() -> None:
    scope = state()
    refusal = Refusal(RefusalKind.DAY, None, [StatedLimit(Kind.REQUESTS, per_day=True, amount=20)])
    scope.refused(NOW, refusal, NOW.tick, 0.0)
    blocker = ask(scope, 1).blocker
    assert (blocker.reason, blocker.limit.amount) == (Reason.DAY, 20)
    left = (blocker.resets - NOW.wall) / NANOSECONDS
    assert ask(scope, left - 1).blocker.reason is Reason.DAY
    assert ask(scope, left).holds


def test_a_closed_door_refuses_everybody_at_once_and_is_tried_again_after_a_minute() -> None:
    scope = state()
    scope.refused(NOW, Refusal(RefusalKind.PERMANENT, advice="Add credit."), NOW.tick, 0.0)
    blocker = ask(scope, 1).blocker
    assert (blocker.reason, blocker.advice) == (Reason.CLOSED, "Add credit.")
    assert ask(scope, 60).holds


def test_overload_backs_off_longer_each_time() -> None:
    scope = state(Limit(Kind.REQUESTS, 100, MINUTE))
    pauses = []
    for second in range(8):
        scope.lessons.pause = 0
        now = later(second / 1_000)
        scope.refused(now, Refusal(RefusalKind.OVERLOAD), now.tick, 1.0)
        pauses.append((scope.lessons.pause - now.tick) / NANOSECONDS)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_after_an_overload_half_as_many_calls_leave_and_the_rest_grows_back_within_a_minute() -> None:
    scope = state(Limit(Kind.REQUESTS, 100, MINUTE))
    scope.refused(later(0), Refusal(RefusalKind.OVERLOAD), NOW.tick, 0.0)
    assert len(ask(scope, 1).holds) == 1  # alone
    scope.succeeded(later(1.5), later(1.2).tick)
    admitted = 1 + len(ask(scope, 1.6, count=200).holds)
    assert 50 <= admitted <= 53
    halfway = admitted + len(ask(scope, 30, count=200).holds)
    assert 70 <= halfway <= 80
    assert [usage.cap for usage in scope.usage(later(60))] == [100]
    assert scope.lessons.troubled
    scope.succeeded(later(61), later(60).tick)
    assert not scope.lessons.troubled


def test_calls_that_are_refused_together_teach_one_lesson() -> None:
    scope = state(Limit(Kind.REQUESTS, 100, MINUTE))
    for seconds in (1.0, 1.1, 1.2):
        scope.refused(later(seconds), Refusal(RefusalKind.OVERLOAD), later(0.5).tick, 1.0)
    assert (scope.lessons.streak, scope.lessons.share) == (1, FULL // 2)


def test_a_call_that_left_before_the_refusal_does_not_end_the_caution() -> None:
    scope = state()
    scope.refused(later(1), minute(10), later(0.5).tick, 0.0)
    scope.succeeded(later(1.1), later(0.6).tick)
    assert len(ask(scope, 30, count=5).holds) == 1


def test_back_offs_are_spread_so_that_machines_do_not_return_together() -> None:
    lengths = set()
    for chance in (0.0, 0.3, 0.6, 0.99):
        scope = state()
        scope.refused(NOW, Refusal(RefusalKind.OVERLOAD), NOW.tick, chance)
        lengths.add(scope.lessons.pause)
    assert len(lengths) == 4


@pytest.mark.parametrize("seconds", [0.0, 0.5, 59.0])
def test_a_limit_of_zero_refuses_instead_of_waiting(seconds: float) -> None:
    scope = state(Limit(Kind.REQUESTS, 0, MINUTE))
    assert ask(scope, seconds).blocker.reason is Reason.CLOSED


def test_a_call_larger_than_a_whole_limit_is_let_through_an_empty_window() -> None:
    scope = state(Limit(Kind.INPUT_TOKENS, 100, MINUTE))
    assert scope.admit(NOW, "lane", [Bid(1, 1, {Kind.INPUT_TOKENS: 5_000})]).holds
