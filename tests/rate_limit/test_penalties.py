"""The table of what refusals impose, row by row; and what announcements and successes change."""

from __future__ import annotations

import pytest

from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, CalendarMonth, Kind, Limit, PoolRules
from massgen_plugins.rate_limit.calendar_windows import period_end, period_of
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.learning import refused, succeeded
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.penalties import FULL, PROBE_NEEDED, Penalties
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.verdict import Blocker, Reason

PACIFIC = CalendarDay("America/Los_Angeles")
NOW = Moment(10**15, 1_790_000_000 * NANOSECONDS)
RPM, RPD = Limit(Kind.REQUESTS, 9, MINUTE), Limit(Kind.REQUESTS, 245, PACIFIC)
RULES = PoolRules((RPM, RPD), cooldown_mode="off", zone=PACIFIC.zone)
ONE = {Kind.REQUESTS: 1}


def later(seconds: float) -> Moment:
    span = int(seconds * NANOSECONDS)
    return Moment(NOW.tick + span, NOW.wall + span)


def minute(amount: int | None, hint: float | None = 26.0) -> Refusal:
    return Refusal(RefusalKind.WINDOW, retry_after=hint, limits=(StatedLimit(Kind.REQUESTS, MINUTE, amount),))


class Domain:
    """A domain with one pool, in which calls are made at moments after ``NOW``."""

    def __init__(self, *limits: Limit) -> None:
        self.state = DomainState("process")
        self.rules = PoolRules(limits or (RPM, RPD), cooldown_mode="off", zone=PACIFIC.zone)

    def ask(self, seconds: float, count: int = 1) -> tuple[list[Reservation], Blocker | None]:
        now, calls = later(seconds), []
        self.state.configure("pool", self.rules, now.tick)
        for number in range(count):
            verdict = self.state.decide(now, Ask(("pool",), ONE, now.tick + number))
            if not isinstance(verdict, Reservation):
                return calls, verdict.blocker
            calls.append(verdict)
        return calls, None

    def refused(self, seconds: float, refusal: Refusal, chance: float = 0.0) -> bool:
        """A call that has just left is refused at once."""
        call = self._call(seconds)
        return refused(self.state, later(seconds), call, refusal, chance)

    def succeeded(self, seconds: float, left: float) -> None:
        succeeded(self.state, later(seconds), self._call(left))

    def _call(self, seconds: float) -> Reservation:
        self.state.configure("pool", self.rules, later(seconds).tick)
        call = DomainState("other").decide(later(seconds), Ask(("pool",), ONE, 0))
        assert isinstance(call, Reservation)
        return call

    @property
    def penalties(self) -> Penalties:
        return self.state.pool("pool").penalties


def test_a_short_windows_limit_pauses_the_pool_until_the_hint_and_a_second() -> None:
    domain = Domain()
    domain.refused(0, minute(10))
    _, blocker = domain.ask(26.9)
    assert blocker.reason is Reason.PAUSE
    assert domain.ask(27.0)[0]


def test_a_pause_that_is_over_releases_one_call_and_not_a_herd() -> None:
    domain = Domain()
    domain.refused(0, minute(10))
    calls, blocker = domain.ask(30, count=5)
    assert (len(calls), blocker.reason) == (1, Reason.PROBE)
    domain.succeeded(30.4, left=30)
    assert len(domain.ask(30.5, count=4)[0]) == 4


def test_a_probe_of_which_nothing_is_heard_is_followed_by_another() -> None:
    domain = Domain()
    domain.refused(0, minute(10))
    assert len(domain.ask(30)[0]) == 1
    assert not domain.ask(39.9)[0]
    assert domain.ask(40.1)[0]


def test_a_lower_limit_is_adopted_and_a_higher_one_is_not() -> None:
    domain = Domain()
    assert domain.refused(0, minute(5))
    assert not domain.refused(0.1, minute(10))
    domain.succeeded(30, left=29)
    assert len(domain.ask(100, count=9)[0]) == 5


@pytest.mark.parametrize("amount", [0, -3, None])
def test_what_is_no_amount_is_not_adopted(amount: int | None) -> None:
    domain = Domain()
    assert not domain.refused(0, minute(amount))
    assert not domain.penalties.learned


def test_a_learned_limit_is_forgotten_when_the_declared_one_changes() -> None:
    domain = Domain(RPM)
    domain.refused(0, minute(5))
    domain.succeeded(30, left=29)
    domain.rules = PoolRules((Limit(Kind.REQUESTS, 1_000, MINUTE),), cooldown_mode="off")
    assert len(domain.ask(100, count=50)[0]) == 50


def test_a_limit_that_was_never_declared_is_learned() -> None:
    domain = Domain(RPM)
    stated = StatedLimit(Kind.REQUESTS, CalendarDay("UTC"), 3)
    domain.refused(0, Refusal(RefusalKind.WINDOW, retry_after=1.0, limits=(stated,)))
    domain.succeeded(30, left=29)
    calls, blocker = domain.ask(90, count=5)
    assert (len(calls), blocker.limit.amount) == (3, 3)


def test_a_spent_day_is_over_at_midnight_in_the_providers_zone() -> None:
    domain = Domain()
    domain.refused(0, Refusal(RefusalKind.UNTIL, limits=(StatedLimit(Kind.REQUESTS, PACIFIC, 20),)))
    _, blocker = domain.ask(1)
    assert (blocker.reason, blocker.limit.amount) == (Reason.UNTIL, 20)
    assert blocker.resets == period_end(period_of(NOW.wall, PACIFIC), PACIFIC)
    left = (blocker.resets - NOW.wall) / NANOSECONDS
    assert domain.ask(left - 1)[1].reason is Reason.UNTIL
    assert domain.ask(left)[0]


MIDNIGHT = period_end(period_of(NOW.wall, PACIFIC), PACIFIC)
MONTH = CalendarMonth("UTC")


@pytest.mark.parametrize(
    ("refusal", "ends"),
    [
        (Refusal(RefusalKind.UNTIL), MIDNIGHT),
        (Refusal(RefusalKind.UNTIL, retry_after=7.0), NOW.wall + 8 * NANOSECONDS),
        (Refusal(RefusalKind.UNTIL, retry_after=-7.0), NOW.wall + NANOSECONDS),
        (Refusal(RefusalKind.UNTIL, until=NOW.wall / NANOSECONDS + 90), NOW.wall + 90 * NANOSECONDS),
        (Refusal(RefusalKind.UNTIL, until=7.0), NOW.wall),
        (Refusal(RefusalKind.UNTIL, until=1e30), NOW.wall + 40 * 86_400 * NANOSECONDS),
        (
            Refusal(
                RefusalKind.UNTIL, limits=(StatedLimit(Kind.COST, MONTH), StatedLimit(Kind.COST, PACIFIC))
            ),
            period_end(period_of(NOW.wall, MONTH), MONTH),
        ),
    ],
    ids=["nothing said", "hint", "negative hint", "moment", "past", "never", "the later of two windows"],
)
def test_until_when_everything_is_refused(refusal: Refusal, ends: int) -> None:
    penalties = Penalties()
    penalties.refused(refusal, NOW.tick, NOW, RULES, 0.0)
    assert penalties.until == ends


def test_a_closed_pool_refuses_everybody_at_once_and_is_tried_again_after_a_minute() -> None:
    domain = Domain()
    domain.refused(0, Refusal(RefusalKind.PERMANENT, advice="Add credit.", quote="no funds"))
    _, blocker = domain.ask(1)
    assert (blocker.reason, blocker.advice, blocker.quote) == (Reason.CLOSED, "Add credit.", "no funds")
    assert domain.ask(60)[0]


def test_a_refusal_of_one_call_changes_nothing() -> None:
    domain = Domain()
    assert not domain.refused(0, Refusal(RefusalKind.CALL, advice="Send less.", limits=minute(1).limits))
    assert not domain.penalties.cautious
    assert len(domain.ask(1, count=9)[0]) == 9


def test_overload_backs_off_longer_each_time() -> None:
    penalties, pauses = Penalties(), []
    for second in range(8):
        penalties.pause = 0
        now = later(1 + second / 1_000)
        penalties.refused(Refusal(RefusalKind.OVERLOAD), now.tick, now, RULES, 1.0)
        pauses.append((penalties.pause - now.tick) / NANOSECONDS)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_back_offs_are_spread_so_that_machines_do_not_return_together() -> None:
    ends = set()
    for chance in (0.0, 0.3, 0.6, 0.99):
        penalties = Penalties()
        penalties.refused(Refusal(RefusalKind.OVERLOAD), NOW.tick, NOW, RULES, chance)
        ends.add(penalties.pause)
    assert len(ends) == 4


def test_after_an_overload_half_as_many_calls_leave_and_the_rest_grows_back_within_a_minute() -> None:
    domain = Domain(Limit(Kind.REQUESTS, 100, MINUTE))
    domain.refused(0, Refusal(RefusalKind.OVERLOAD))
    assert len(domain.ask(1)[0]) == 1  # alone
    domain.succeeded(1.5, left=1.2)
    admitted = 1 + len(domain.ask(1.6, count=200)[0])
    assert 50 <= admitted <= 53
    halfway = admitted + len(domain.ask(30, count=200)[0])
    assert 70 <= halfway <= 80
    assert [row.cap for row in domain.state.pool("pool").view(later(60))] == [100]
    assert domain.penalties.cautious
    domain.succeeded(61, left=60)
    assert not domain.penalties.cautious


def test_calls_that_are_refused_together_count_once() -> None:
    penalties = Penalties()
    for seconds in (1.0, 1.1, 1.2):
        penalties.refused(Refusal(RefusalKind.OVERLOAD), later(0.5).tick, later(seconds), RULES, 1.0)
    assert (penalties.streak, penalties.share_at(penalties.since)) == (1, pytest.approx(FULL // 2, abs=4))


def test_a_call_that_left_before_the_refusal_does_not_end_the_caution() -> None:
    penalties = Penalties()
    penalties.refused(minute(10), later(0.5).tick, later(1), RULES, 0.0)
    penalties.succeeded(later(0.6).tick, later(1.1).tick)
    assert penalties.probe == PROBE_NEEDED
    penalties.succeeded(later(30).tick, later(31).tick)
    assert not penalties.cautious


def test_hints_are_waited_for_and_distrusted_when_they_do_not_help() -> None:
    penalties, pauses = Penalties(), []
    for second in range(1, 6):
        penalties.pause = 0
        penalties.refused(minute(None, hint=0.0), later(second).tick, later(second), RULES, 1.0)
        pauses.append((penalties.pause - later(second).tick) / NANOSECONDS)
    assert pauses == [1, 1, 4, 8, 16]


def test_announced_limits_go_up_and_down() -> None:
    penalties = Penalties()
    assert penalties.announce(RPM)
    assert not penalties.announce(RPM)
    assert penalties.announce(Limit(Kind.REQUESTS, 12, MINUTE))
    assert penalties.learned[RPM.key].amount == 12


@pytest.mark.parametrize("seconds", [0.0, 0.5, 59.0])
def test_a_limit_of_zero_refuses_instead_of_waiting(seconds: float) -> None:
    assert Domain(Limit(Kind.REQUESTS, 0, MINUTE)).ask(seconds)[1].reason is Reason.CLOSED


def test_a_call_larger_than_a_whole_limit_is_let_through_an_empty_window() -> None:
    state = DomainState("process")
    rules = PoolRules((Limit(Kind.INPUT_TOKENS, 100, MINUTE),), cooldown_mode="off")
    state.configure("pool", rules, NOW.tick)
    asks = [Ask(("pool",), {Kind.INPUT_TOKENS: tokens}, NOW.tick) for tokens in (5_000, 1)]
    assert [isinstance(state.decide(NOW, ask), Reservation) for ask in asks] == [True, False]
