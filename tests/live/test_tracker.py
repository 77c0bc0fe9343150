"""Who waits, by the events of a process."""

from __future__ import annotations

from massgen_plugins.events import CallAdmitted, CallGivenUp, CallSettled, CallTurnedAway, CallWaits
from massgen_plugins.live.names import Names
from massgen_plugins.live.tracker import Tracker
from massgen_plugins.quota import Domain, Pool

POOL = Pool(Domain("gemini", "mine"), "flash")


def waits(call, seconds, place=0, pool=POOL, **more):
    return CallWaits(
        pool, f"agent_{call}", seconds, place, "...", "run1", call, "4 requests per minute", "limit", **more
    )


def admitted(call, waited=0.0):
    return CallAdmitted(POOL, f"agent_{call}", "run1", call, waited, 1)


def settled(call, outcome):
    return CallSettled(POOL, f"agent_{call}", "run1", call, 1, "flash", "flash", 0.0, 0.0, 1.0, 200, outcome)


def test_a_wait_is_there_until_the_call_leaves():
    tracker = Tracker()
    change = tracker.note(waits(1, 60), 1_000)
    assert (change.began.agent, change.began.until, change.again) == ("agent_1", 1_060, False)
    assert [each.call for each in tracker.waiting()] == [1]
    change = tracker.note(admitted(1, 61.5), 1_061)
    assert (change.ended.call, change.waited) == (1, 61.5)
    assert tracker.waiting() == ()
    assert (tracker.counters().waits, tracker.counters().waited, tracker.counters().calls) == (1, 61.5, 1)


def test_a_call_that_is_turned_away_or_given_up_waits_no_more():
    tracker = Tracker()
    for call in (1, 2):
        tracker.note(waits(call, 60), 0)
    assert tracker.note(CallTurnedAway(POOL, "agent_1", "...", "run1", 1), 5).waited is None
    assert tracker.note(CallGivenUp(POOL, "agent_2", "run1", 2), 5).ended.call == 2
    assert tracker.waiting() == ()
    assert tracker.counters().turned_away == 1


def test_a_run_lasts_until_the_end_of_its_last_wait():
    tracker = Tracker()
    tracker.note(waits(1, 60), 0)
    tracker.note(admitted(1, 2.0), 2)
    tracker.note(waits(2, 60), 2)
    tracker.note(CallGivenUp(POOL, "agent_2", "run1", 2), 9)
    assert (tracker.ended("run1"), tracker.counters("run1").somebody) == (9, 9)


def test_places_move_up():
    tracker = Tracker()
    for call in (1, 2, 3):
        tracker.note(waits(call, 10 * call, place=call - 1), call)
    assert [(each.call, each.place) for each in tracker.waiting()] == [(1, 1), (2, 2), (3, 3)]
    tracker.note(admitted(1), 11)
    assert [(each.call, each.place) for each in tracker.waiting()] == [(2, 1), (3, 2)]


def test_nobody_leaves_before_one_that_came_earlier():
    tracker = Tracker()
    tracker.note(waits(1, 10), 0)
    tracker.note(waits(2, 20, place=1), 1)
    assert tracker.note(waits(1, 60, again=True), 5).again
    assert [(each.call, each.since, each.until) for each in tracker.waiting()] == [(1, 0, 65), (2, 1, 65)]
    assert tracker.counters().waits == 2


def test_other_pools_have_places_of_their_own():
    tracker = Tracker()
    tracker.note(waits(1, 10), 0)
    tracker.note(waits(2, 5, pool=Pool(POOL.domain, "pro")), 1)
    assert [(each.call, each.place) for each in tracker.waiting()] == [(2, 1), (1, 1)]


def test_answers_and_refusals_are_counted():
    tracker = Tracker()
    for outcome in ("answered", "answered", "refused", "failed"):
        tracker.note(settled(1, outcome), 0)
    assert (tracker.counters().answered, tracker.counters().refused) == (2, 1)


def test_hidden_names_are_numbers():
    names = Names()
    assert (names.shown("alice"), names.shown(None)) == ("alice", "")
    names.hidden = True
    assert [names.shown(each) for each in ("bob", "alice", "bob", None)] == ["#1", "#2", "#1", ""]


def test_each_run_of_a_process_is_counted_for_itself():
    tracker = Tracker()
    tracker.note(admitted(1), 0)
    tracker.note(CallAdmitted(POOL, "agent_1", "run2", 2, 7.0, 1), 0)
    assert (tracker.counters("run1").calls, tracker.counters("run2").longest) == (1, 7.0)
    assert (tracker.counters().calls, tracker.pools("run2")[POOL].calls) == (2, 1)


def test_the_time_during_which_anybody_waits_is_counted_once():
    tracker = Tracker()
    for call, begins in ((1, 0), (2, 5)):
        tracker.note(waits(call, 60), begins)
    for call, ends in ((1, 60), (2, 70)):
        tracker.note(admitted(call, 60), ends)
    tracker.note(waits(3, 5), 100)
    tracker.note(admitted(3, 5), 105)
    assert (tracker.counters().somebody, tracker.counters().waited) == (75, 125)
