"""Order: first come, first served across processes; a stalled process does not block the others."""

from __future__ import annotations

from massgen_plugins.quota import ACCOUNT_POOL, Kind
from massgen_plugins.rate_limit.verdict import Reason
from massgen_plugins.testing.contract.stand import MODEL, ONE, Check, Stand, per_minute, tokens

__all__ = ["CHECKS"]


def whoever_came_first_goes_first_whichever_process_asks(stand: Stand) -> None:
    """A second process that arrives later has to wait for its turn."""
    start = _full(stand)
    stand.ask(ONE, process="first", arrival=start + 1)
    stand.ask(ONE, process="second", arrival=start + 2)
    stand.advance(60)
    stand.ask(ONE, process="first", arrival=start + 1)
    stand.advance(2.5)
    late = stand.ask(ONE, process="second", arrival=start + 2)
    assert late.blocker is not None
    assert late.blocker.reason is Reason.QUEUE
    assert stand.ask(ONE, process="first", arrival=start + 1).granted


def a_large_call_is_not_overtaken_by_small_ones(stand: Stand) -> None:
    """The head of the queue keeps its turn."""
    stand.configure(tokens(100))
    assert stand.granted({Kind.INPUT_TOKENS: 50}) == 1
    start = stand.store.tick()
    stand.ask({Kind.INPUT_TOKENS: 80}, process="large", arrival=start + 1)
    small = stand.ask({Kind.INPUT_TOKENS: 10}, process="small", arrival=start + 2)
    assert not small.granted


def a_call_whose_pools_are_free_is_not_held_up(stand: Stand) -> None:
    """By a call that waits for another pool, although both share the account's."""
    stand.configure(per_minute(1))
    stand.configure(per_minute(9), pool="other")
    stand.configure(per_minute(99), pool=ACCOUNT_POOL)
    assert stand.ask(ONE, pools=(MODEL, ACCOUNT_POOL)).granted
    assert not stand.ask(ONE, pools=(MODEL, ACCOUNT_POOL), process="waits").granted
    assert stand.ask(ONE, pools=("other", ACCOUNT_POOL), process="free").granted


def one_that_does_not_take_its_turn_is_overtaken_and_keeps_its_arrival(stand: Stand) -> None:
    """A stopped process delays the others only for a bounded time."""
    start = _full(stand, limit=2)
    stand.ask(ONE, process="stopped", arrival=start + 1)
    stand.advance(60)
    stand.ask(ONE, process="stopped", arrival=start + 1)
    stand.advance(2.5)
    assert not stand.ask(ONE, ONE, process="awake", arrival=start + 2).granted
    stand.advance(0.2)
    assert stand.ask(ONE, process="awake", arrival=start + 2).granted
    assert stand.ask(ONE, process="stopped", arrival=start + 1).granted


def a_process_that_waits_no_more_is_not_waited_for(stand: Stand) -> None:
    """Once its only waiter is cancelled."""
    start = _full(stand)
    stand.advance(58)
    stand.ask(ONE, process="gone", arrival=start + 1)
    stand.do(lambda state, _: state.leave_queue(), "gone")
    stand.advance(4.5)
    assert stand.ask(ONE, process="next", arrival=start + 2).granted


def a_dead_process_is_not_waited_for(stand: Stand) -> None:
    """Once it is known to be dead; until then its ticket blocks others for at most one lease."""
    start = _full(stand)
    stand.advance(58)
    stand.ask(ONE, process="dead", arrival=start + 1)
    stand.advance(4.5)
    stand.do(lambda state, _: state.bury("dead"), "next")
    assert stand.ask(ONE, process="next", arrival=start + 2).granted


def a_lease_that_lapsed_holds_nobody_up(stand: Stand) -> None:
    """A ticket's lease ends fifteen seconds after its owner was last seen."""
    start = _full(stand)
    stand.advance(46)
    stand.ask(ONE, process="lapsed", arrival=start + 1)
    stand.advance(16.5)
    assert stand.ask(ONE, process="next", arrival=start + 2).granted


def who_waits_can_be_seen(stand: Stand) -> None:
    """Waiters are listed, for display and for wake-ups."""
    stand.configure(per_minute(2))
    stand.ask(*[ONE] * 5)
    (ticket,) = stand.do(lambda state, _: list(state.tickets), "other")
    assert (ticket.owner, ticket.waiting) == ("process", 3)


def the_first_one_is_woken_when_there_is_room(stand: Stand) -> None:
    """When another process frees capacity; no other waiter is woken."""
    stand.configure(per_minute(1))
    (call,) = stand.ask(ONE).granted
    stand.attach(call)
    now = stand.store.tick()
    stand.ask(ONE, process="second", arrival=now + 1)
    stand.ask(ONE, process="third", arrival=now + 2)
    call.release()
    stand.know(call)
    assert stand.do(lambda state, moment: state.to_wake(moment)) == ["second"]


def _full(stand: Stand, limit: int = 1) -> int:
    """Use up the minute's limit; returns the time."""
    stand.configure(per_minute(limit))
    assert stand.granted(*[ONE] * limit) == limit
    return stand.store.tick()


CHECKS: tuple[Check, ...] = (
    whoever_came_first_goes_first_whichever_process_asks,
    a_large_call_is_not_overtaken_by_small_ones,
    a_call_whose_pools_are_free_is_not_held_up,
    one_that_does_not_take_its_turn_is_overtaken_and_keeps_its_arrival,
    a_process_that_waits_no_more_is_not_waited_for,
    a_dead_process_is_not_waited_for,
    a_lease_that_lapsed_holds_nobody_up,
    who_waits_can_be_seen,
    the_first_one_is_woken_when_there_is_room,
)
