"""The line of lanes: order across owners, and what becomes of an owner that does not show up."""

from __future__ import annotations

from massgen_plugins.middleware import Refusal, RefusalKind
from massgen_plugins.quota import MINUTE, NANOSECONDS, Kind, Limit, ScopeRules
from massgen_plugins.rate_limit.decision import Reason
from massgen_plugins.rate_limit.ledger import Moment
from massgen_plugins.rate_limit.line import LEASE, PATIENCE, RENEWAL, Bid
from massgen_plugins.rate_limit.scope_state import ScopeState

START = 10**15
WALL = 1_790_000_000 * NANOSECONDS
ONE = {Kind.REQUESTS: 1}


def at(seconds: float) -> Moment:
    return Moment(START + int(seconds * NANOSECONDS), WALL)


def full_scope() -> ScopeState:
    """One call a minute, spent at second 0; it is free again at 62.05."""
    scope = ScopeState(ScopeRules(limits=(Limit(Kind.REQUESTS, 1, MINUTE),)))
    scope.admit(at(0), "first", [Bid(1, 0, ONE)])
    return scope


def bid(arrival: int, priority: int = 1) -> list[Bid]:
    return [Bid(priority, arrival, ONE)]


def test_whoever_came_first_goes_first_whichever_lane_asks() -> None:
    scope = full_scope()
    scope.admit(at(1), "a", bid(1))
    scope.admit(at(2), "b", bid(2))
    scope.admit(at(62), "a", bid(1))
    assert scope.admit(at(62.1), "b", bid(2)).blocker.reason is Reason.LINE
    assert scope.admit(at(62.2), "a", bid(1)).holds


def test_an_owner_that_does_not_take_what_is_there_is_overtaken_and_keeps_its_ticket() -> None:
    scope = full_scope()
    scope.admit(at(60), "frozen", bid(1))
    scope.admit(at(61), "b", bid(2))
    waiting = scope.admit(at(62.3), "b", bid(2)).blocker
    assert (waiting.reason, waiting.wake) == (Reason.LINE, at(62.3).tick + PATIENCE)
    assert not scope.admit(at(62.35), "b", bid(2)).holds
    assert scope.admit(at(62.41), "b", bid(2)).holds
    scope.admit(at(63), "c", bid(3))
    scope.admit(at(64), "frozen", bid(1))
    scope.admit(at(124.3), "frozen", bid(1))
    assert scope.admit(at(124.8), "frozen", bid(1)).holds


def test_one_that_was_not_seen_for_a_lease_is_not_waited_for_at_all() -> None:
    scope = full_scope()
    scope.admit(at(1), "dead", bid(1))
    assert LEASE < 61 * NANOSECONDS
    assert scope.admit(at(62.3), "b", bid(2)).holds


def test_nobody_is_late_while_nobody_can_leave() -> None:
    scope = full_scope()
    scope.admit(at(61), "a", bid(1))
    scope.admit(at(62.3), "b", bid(2))
    scope.refused(at(62.35), Refusal(RefusalKind.MINUTE, 1.0), at(62).tick, 0.0)
    scope.admit(at(62.4), "b", bid(2))
    scope.admit(at(63), "a", bid(1))
    assert scope.admit(at(64.4), "b", bid(2)).blocker.reason is Reason.LINE


def test_an_urgent_bid_goes_before_all_others() -> None:
    scope = full_scope()
    scope.admit(at(62), "a", bid(1))
    assert scope.admit(at(62.1), "urgent", bid(99, priority=0)).holds


def test_a_lane_that_leaves_is_not_waited_for() -> None:
    scope = full_scope()
    scope.admit(at(62), "a", bid(1))
    scope.line.leave("a")
    assert scope.admit(at(62.1), "b", bid(2)).holds


def test_the_line_forgets_lanes_that_are_gone_for_good() -> None:
    scope = full_scope()
    for lane in range(50):
        scope.admit(at(1), f"dead{lane}", bid(lane))
    scope.admit(at(50), "alive", bid(99))
    assert list(scope.line.claims) == ["alive"]


def test_a_clock_that_was_set_back_does_not_keep_a_claim_for_ever() -> None:
    scope = full_scope()
    scope.admit(at(5_000), "future", bid(1))
    scope.admit(at(1), "now", bid(2))
    assert list(scope.line.claims) == ["now"]


def test_the_first_one_is_woken_for_room_that_it_does_not_know_of_and_for_no_other() -> None:
    scope = ScopeState(ScopeRules(limits=(Limit(Kind.REQUESTS, 2, MINUTE),)))
    answered, unsent = scope.admit(at(0), "other", [Bid(1, 0, ONE)] * 2).holds
    scope.admit(at(59), "first", bid(1))
    assert not scope.first_to_be_woken(at(59))  # it asks again at 62.05, when all that was sent has aged out
    answered.arrived = at(0.3).tick
    scope.rebook([answered])
    assert scope.first_to_be_woken(at(59))  # there will be room at 60.3
    assert not scope.admit(at(59.1), "first", bid(1)).holds
    assert not scope.first_to_be_woken(at(59.2))  # which it knows by now
    unsent.release()
    scope.rebook([unsent])
    assert scope.first_to_be_woken(at(59.2))


def test_the_first_one_is_woken_if_it_should_have_asked_by_now() -> None:
    scope = full_scope()
    scope.admit(at(1), "first", bid(1))
    assert not scope.first_to_be_woken(Moment(at(1).tick + RENEWAL + PATIENCE, WALL))
    assert scope.first_to_be_woken(Moment(at(1).tick + RENEWAL + PATIENCE + 1, WALL))
