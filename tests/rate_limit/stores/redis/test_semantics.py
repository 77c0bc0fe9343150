"""What a scope in Redis decides, on a clock of the test: the same as every other store."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Kind, Limit, Scope, ScopeRules, Sliding
from massgen_plugins.rate_limit.decision import Reason
from massgen_plugins.rate_limit.line import LEASE, NORMAL, PATIENCE, URGENT, Bid
from massgen_plugins.rate_limit.stores.base import ScopeUnknown
from tests.rate_limit.stores.redis.conftest import Bench, TestClock

SECOND = 1_000_000
PACIFIC = "America/Los_Angeles"
SCOPE = Scope("gemini", "project", "gemini-2.5-flash")
RULES = ScopeRules(
    limits=(Limit(Kind.REQUESTS, 3, MINUTE), Limit(Kind.REQUESTS, 20, CalendarDay(PACIFIC))), zone=PACIFIC
)
ONE = {Kind.REQUESTS: 1}
REFUSED = Refusal(RefusalKind.MINUTE, 5.0, [StatedLimit(Kind.REQUESTS, per_day=False, amount=2)])

Open = Callable[[], Bench]


def grants(bench: Bench, count: int, lane: str = "lane") -> int:
    return len(bench.ask(SCOPE, *[ONE] * count, lane=lane).holds)


def configured(bench: Bench, rules: ScopeRules = RULES) -> Bench:
    bench.drive(bench.upkeep.configure(SCOPE, rules))
    return bench


def test_two_processes_share_a_scope(open_bench: Open) -> None:
    one, other = configured(open_bench()), open_bench()
    assert grants(one, 2) == 2
    assert grants(other, 2, lane="other") == 1
    assert one.used(SCOPE) == other.used(SCOPE) == [3, 3]


def test_a_scope_without_rules_admits_nothing(open_bench: Open) -> None:
    with pytest.raises(ScopeUnknown):
        grants(open_bench(), 1)


def test_it_ages_out_one_window_after_the_stamp_and_not_before(open_bench: Open, clock: TestClock) -> None:
    bench = configured(open_bench())
    decision = bench.ask(SCOPE, *[ONE] * 4)
    assert decision.blocker.reason is Reason.LIMIT
    assert decision.blocker.limit == RULES.limits[0]
    clock.pass_time((decision.blocker.wake - bench.store.tick()) // 1000 - 1)
    assert grants(bench, 1) == 0
    clock.pass_time(1)
    assert grants(bench, 3) == 3


def test_headers_move_the_stamp_back(open_bench: Open, clock: TestClock) -> None:
    bench = configured(open_bench())
    holds = bench.ask(SCOPE, *[ONE] * 3).holds
    clock.pass_time(SECOND // 10)
    for hold in holds:
        hold.arrived = bench.store.tick()
    bench.note(SCOPE, *holds)
    clock.pass_time(60 * SECOND - 1)
    assert grants(bench, 1) == 0
    clock.pass_time(1)
    assert grants(bench, 3) == 3


@pytest.mark.parametrize("seconds", [30, 62, 70, 200])
def test_a_call_that_waited_for_its_connection_counts_from_when_it_was_written(
    open_bench: Open, clock: TestClock, seconds: int
) -> None:
    bench = configured(open_bench())
    holds = bench.ask(SCOPE, *[ONE] * 3).holds
    clock.pass_time(seconds * SECOND)
    for hold in holds:
        hold.begun = bench.store.tick()
    bench.note(SCOPE, *holds)
    clock.pass_time(62 * SECOND - 1)
    assert grants(bench, 1) == 0
    clock.pass_time(1)
    assert grants(bench, 3) == 3


@pytest.mark.parametrize("ahead", [0.1, 0.25, 0.5, 1, 3, 60])
def test_a_machine_whose_clock_is_ahead_frees_nothing(
    open_bench: Open, clock: TestClock, ahead: float
) -> None:
    bench = configured(open_bench(), ScopeRules((Limit(Kind.REQUESTS, 3, Sliding(10**9)),)))
    holds = bench.ask(SCOPE, *[ONE] * 3).holds
    for hold in holds:
        hold.begun = bench.store.tick() + int(ahead * 10**9)
    bench.note(SCOPE, *holds)
    for _ in range(20):
        clock.pass_time(SECOND // 20 - 1)
        assert grants(bench, 1) == 0
    clock.pass_time(10 * SECOND)
    assert grants(bench, 4) == 3


def test_settling_twice_changes_nothing_and_the_last_word_is_the_true_one(open_bench: Open) -> None:
    rules = ScopeRules(limits=(Limit(Kind.INPUT_TOKENS, 1_000, MINUTE),))
    bench = configured(open_bench(), rules)
    hold = bench.ask(SCOPE, {Kind.INPUT_TOKENS: 900}).holds[0]
    for amount in (300, 300, 1_200):
        hold.settle({Kind.INPUT_TOKENS: amount})
        bench.note(SCOPE, hold)
        bench.note(SCOPE, hold)
        assert bench.used(SCOPE) == [amount]


def test_a_released_call_took_nothing(open_bench: Open) -> None:
    bench = configured(open_bench())
    [hold] = bench.ask(SCOPE, ONE).holds
    hold.release()
    bench.note(SCOPE, hold)
    assert bench.used(SCOPE) == [0, 0]


def test_an_estimate_takes_no_more_than_the_whole_limit(open_bench: Open) -> None:
    bench = configured(open_bench(), ScopeRules(limits=(Limit(Kind.INPUT_TOKENS, 1_000, MINUTE),)))
    decision = bench.ask(SCOPE, {Kind.INPUT_TOKENS: 5_000}, {Kind.INPUT_TOKENS: 1})
    assert [hold.row for hold in decision.holds] == [1_000]
    assert decision.blocker.reason is Reason.LIMIT


@pytest.fixture
def queue(open_bench: Open, clock: TestClock) -> Bench:
    """A scope in which everything is spent, and two lanes wait: ``early``, then ``late``."""
    bench = configured(open_bench(), ScopeRules(limits=(Limit(Kind.REQUESTS, 3, Sliding(2 * NANOSECONDS)),)))
    grants(bench, 3)
    clock.pass_time(SECOND)
    wait(bench, "late", 2)
    wait(bench, "early", 1)
    return bench


def wait(bench: Bench, lane: str, arrival: int, count: int = 1, priority: int = NORMAL):
    return bench.admit(SCOPE, [Bid(priority, arrival * 1_000, {Kind.REQUESTS: count})], lane)


def free(bench: Bench, clock: TestClock) -> None:
    clock.pass_time(1_300_000)  # the three calls were stamped 0.2 s ahead, and 1 s has passed


def test_first_come_first_served(queue: Bench, clock: TestClock) -> None:
    free(queue, clock)
    blocked = wait(queue, "late", 2)
    assert blocked.blocker.reason is Reason.LINE
    assert blocked.blocker.wake > queue.store.tick()
    assert wait(queue, "early", 1).holds
    assert wait(queue, "late", 2).holds


def test_a_call_that_blocks_its_loop_goes_first(queue: Bench, clock: TestClock) -> None:
    free(queue, clock)
    assert wait(queue, "urgent", 3, priority=URGENT).holds


def test_the_head_of_the_line_reserves_its_place(open_bench: Open, clock: TestClock) -> None:
    bench = configured(open_bench(), ScopeRules(limits=(Limit(Kind.REQUESTS, 3, Sliding(2 * NANOSECONDS)),)))
    for pause in (0, SECOND, 0):
        clock.pass_time(pause)
        wait(bench, "first", 1)
    wait(bench, "large", 2, count=3)
    clock.pass_time(1_250_000)  # one place is free, and one call would fit
    assert wait(bench, "small", 3).blocker.reason is Reason.LINE
    clock.pass_time(SECOND)
    assert wait(bench, "large", 2, count=3).holds


def test_a_head_that_does_not_take_its_place_is_overtaken_and_keeps_its_ticket(
    queue: Bench, clock: TestClock
) -> None:
    free(queue, clock)
    assert not wait(queue, "late", 2).holds  # from now on the first one is late
    clock.pass_time(PATIENCE // 1000 - 1)
    blocked = wait(queue, "late", 2)
    assert (blocked.blocker.reason, blocked.blocker.wake) == (Reason.LINE, queue.store.tick() + 1000)
    clock.pass_time(1)
    assert wait(queue, "late", 2, count=2).holds
    wait(queue, "late", 5, count=3)
    assert wait(queue, "early", 1).holds


def test_a_dead_head_holds_up_nobody_beyond_its_lease(queue: Bench, clock: TestClock) -> None:
    free(queue, clock)
    clock.pass_time(LEASE // 1000)
    assert wait(queue, "late", 2).holds


def test_whoever_leaves_the_line_stands_in_nobodys_way(queue: Bench, clock: TestClock) -> None:
    free(queue, clock)
    queue.drive(queue.operations.leave(SCOPE, "early"))
    assert wait(queue, "late", 2).holds


def test_lanes_that_were_not_seen_for_long_are_forgotten(queue: Bench, clock: TestClock) -> None:
    clock.pass_time(3 * LEASE // 1000 + SECOND)
    assert wait(queue, "new", 3).holds
    names = queue.client.keys("*:line")
    assert not names


def test_the_line_is_counted_for_people_to_see(queue: Bench) -> None:
    queue.admit(SCOPE, [Bid(1, 3_000 + n, ONE) for n in range(5)], "crowd")
    [view] = queue.drive(queue.upkeep.view())
    assert view.waiting == 7


def test_a_refusal_holds_back_everybody_at_once(open_bench: Open, clock: TestClock) -> None:
    one, other = configured(open_bench()), open_bench()
    [hold] = one.ask(SCOPE, ONE).holds
    clock.pass_time(SECOND)
    assert one.drive(one.upkeep.refused(SCOPE, REFUSED, hold.begun))
    blocked = other.ask(SCOPE, ONE, lane="other")
    assert blocked.troubled
    assert blocked.blocker.reason is Reason.PAUSE
    assert blocked.blocker.wake == other.store.tick() + 6 * NANOSECONDS


def test_after_a_pause_one_call_leaves_alone(open_bench: Open, clock: TestClock) -> None:
    one, other = configured(open_bench()), open_bench()
    [hold] = one.ask(SCOPE, ONE).holds
    clock.pass_time(SECOND)
    one.drive(one.upkeep.refused(SCOPE, Refusal(RefusalKind.MINUTE, 5.0, []), hold.begun))
    clock.pass_time(61 * SECOND)
    probe = one.ask(SCOPE, ONE, ONE)
    assert (len(probe.holds), probe.blocker.reason) == (1, Reason.PROBE)
    assert other.ask(SCOPE, ONE, lane="other").blocker.reason is Reason.PROBE
    other.drive(other.upkeep.succeeded(SCOPE, probe.holds[0].begun))
    assert grants(one, 1) == 1


def test_a_stated_lower_limit_holds_for_everybody(open_bench: Open, clock: TestClock) -> None:
    one, other = configured(open_bench()), open_bench()
    assert grants(other, 1) == 1
    one.drive(one.upkeep.refused(SCOPE, REFUSED, one.store.tick()))
    [view] = other.drive(other.upkeep.view())
    assert [usage.cap for usage in view.usage] == [2, 20]
    assert [usage.used for usage in view.usage] == [1, 1]
    clock.pass_time(70 * SECOND)
    one.drive(one.upkeep.succeeded(SCOPE, one.store.tick()))
    assert grants(other, 3) == 2


def test_a_limit_that_only_a_refusal_made_known_counts_from_then_on(open_bench: Open) -> None:
    bench = configured(open_bench())
    assert grants(bench, 1) == 1
    stated = [StatedLimit(Kind.INPUT_TOKENS, per_day=False, amount=500)]
    bench.drive(bench.upkeep.refused(SCOPE, Refusal(RefusalKind.MINUTE, 0.0, stated), bench.store.tick() - 1))
    bench.drive(bench.upkeep.unlearn(SCOPE))
    assert bench.used(SCOPE) == [1, 1]


def test_overload_halves_what_may_be_used_and_it_grows_back(open_bench: Open, clock: TestClock) -> None:
    bench = configured(open_bench(), ScopeRules(limits=(Limit(Kind.REQUESTS, 100, MINUTE),)))
    bench.drive(
        bench.upkeep.refused(SCOPE, Refusal(RefusalKind.OVERLOAD, None, []), bench.store.tick() + 1_000)
    )
    caps = []
    for _ in range(3):
        caps.append(bench.drive(bench.upkeep.view())[0].usage[0].cap)
        clock.pass_time(30 * SECOND)
    assert caps == [50, 75, 100]


def test_a_closed_door_says_what_to_do(open_bench: Open) -> None:
    one, other = configured(open_bench()), open_bench()
    assert grants(other, 1) == 1
    refusal = Refusal(RefusalKind.PERMANENT, None, [], advice="Buy credits.")
    one.drive(one.upkeep.refused(SCOPE, refusal, one.store.tick()))
    blocker = other.ask(SCOPE, ONE).blocker
    assert (blocker.reason, blocker.advice, blocker.final) == (Reason.CLOSED, "Buy credits.", True)


def test_a_limit_of_zero_is_a_closed_door(open_bench: Open) -> None:
    bench = configured(open_bench(), ScopeRules(limits=(Limit(Kind.REQUESTS, 0, MINUTE),)))
    blocker = bench.ask(SCOPE, ONE).blocker
    assert (blocker.reason, blocker.limit.amount) == (Reason.CLOSED, 0)


def test_a_day_that_is_spent_says_when_it_ends(open_bench: Open, clock: TestClock) -> None:
    bench = configured(open_bench())
    for _ in range(7):
        grants(bench, 3)
        clock.pass_time(63 * SECOND)
    blocker = bench.ask(SCOPE, ONE).blocker
    assert (blocker.reason, blocker.limit) == (Reason.DAY, RULES.limits[1])
    wall = clock.server * 1000
    assert 0 < blocker.resets - wall < 25 * 3600 * NANOSECONDS
    clock.pass_time((blocker.resets - wall) // 1000)
    assert grants(bench, 3) == 3
    assert bench.used(SCOPE)[1] == 3


def test_close_to_midnight_a_call_counts_on_both_days(open_bench: Open, clock: TestClock) -> None:
    bench = configured(open_bench())
    midnight = bench.drive(bench.upkeep.view())[0].usage[1].resets // 1000
    clock.pass_time(midnight - SECOND)
    assert grants(bench, 2) == 2
    clock.pass_time(2 * SECOND)
    assert bench.used(SCOPE)[1] == 2


def test_a_day_that_the_provider_calls_spent_is_spent_for_all(open_bench: Open) -> None:
    one, other = configured(open_bench()), open_bench()
    assert grants(other, 1) == 1
    one.drive(one.upkeep.refused(SCOPE, Refusal(RefusalKind.DAY, None, []), one.store.tick()))
    assert other.ask(SCOPE, ONE).blocker.reason is Reason.DAY


def test_other_rules_keep_what_was_spent(open_bench: Open) -> None:
    one, other = configured(open_bench()), open_bench()
    assert grants(other, 2) == 2
    hold = other.ask(SCOPE, ONE).holds[0]
    limits = (
        Limit(Kind.REQUESTS, 20, CalendarDay(PACIFIC)),
        Limit(Kind.INPUT_TOKENS, 500, MINUTE),
        Limit(Kind.REQUESTS, 4, MINUTE),
        Limit(Kind.REQUESTS, 9, Sliding(10 * NANOSECONDS)),
    )
    configured(one, ScopeRules(limits=limits, zone=PACIFIC))
    assert other.used(SCOPE) == [3, 0, 3, 0]
    hold.release()
    other.note(SCOPE, hold)
    assert one.used(SCOPE) == [2, 0, 2, 0]
    assert grants(other, 3) == 2


def test_news_of_a_call_that_other_books_hold_changes_nothing(open_bench: Open, clock: TestClock) -> None:
    bench = configured(open_bench())
    [lost] = bench.ask(SCOPE, ONE).holds
    bench.drive(bench.upkeep.forget(SCOPE))
    clock.pass_time(1)
    configured(bench)
    assert grants(bench, 2) == 2
    lost.release()
    bench.note(SCOPE, lost)
    assert bench.used(SCOPE) == [2, 2]


def test_calls_on_their_way_are_counted_for_people_to_see(open_bench: Open, clock: TestClock) -> None:
    one, other = configured(open_bench()), open_bench()
    holds = one.ask(SCOPE, ONE, ONE).holds
    clock.pass_time(SECOND)
    assert grants(other, 1) == 1
    assert [view.in_flight for view in one.drive(one.upkeep.view())] == [3]
    holds[0].end()
    one.note(SCOPE, holds[0])
    assert [view.in_flight for view in other.drive(other.upkeep.view())] == [2]


def test_forgetting_lessons_keeps_what_was_spent(open_bench: Open) -> None:
    bench = configured(open_bench())
    assert grants(bench, 1) == 1
    bench.drive(bench.upkeep.refused(SCOPE, REFUSED, bench.store.tick()))
    bench.drive(bench.upkeep.unlearn(SCOPE))
    assert grants(bench, 3) == 2


def test_forgetting_a_scope_leaves_no_key(open_bench: Open) -> None:
    bench = configured(open_bench())
    grants(bench, 4)
    bench.drive(bench.upkeep.forget(SCOPE))
    assert bench.client.keys("*") in ([], [b"massgen-rl:scopes"])
    assert bench.drive(bench.upkeep.view()) == []


def test_what_was_learned_outlives_the_counts(open_bench: Open) -> None:
    bench = configured(open_bench())
    bench.drive(bench.upkeep.refused(SCOPE, REFUSED, bench.store.tick()))
    bench.client.delete(*bench.client.keys("*:book"))
    with pytest.raises(ScopeUnknown):
        grants(bench, 1)
    configured(bench)
    assert [usage.cap for usage in bench.drive(bench.upkeep.view())[0].usage] == [2, 20]


def test_a_server_whose_clock_is_set_back_goes_on_counting(open_bench: Open, clock: TestClock) -> None:
    one = configured(open_bench())
    assert grants(one, 3) == 3
    clock.pass_time(30 * SECOND)
    clock.server -= 25 * 3600 * SECOND
    before = one.store.tick()
    late = open_bench()  # it knows of no other clock
    assert grants(one, 1) == grants(late, 1, lane="late") == 0
    # Nobody looked for 30 s before that, and nobody can know of them: that is all that is lost.
    clock.pass_time(63 * SECOND)
    assert grants(late, 3, lane="late") == 3
    assert one.store.tick() >= before


def test_the_forecast_counts_everybody_who_waits(queue: Bench) -> None:
    steps = queue.operations.forecast(SCOPE, "new", {Kind.REQUESTS: 2}, {Kind.REQUESTS: 1})
    tick = queue.drive(steps)
    assert tick - queue.store.tick() > 2 * NANOSECONDS
