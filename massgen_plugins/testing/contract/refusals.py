"""Refusals and announced limits: what one process learns applies to all of them."""

from __future__ import annotations

from functools import partial

from massgen_plugins.middleware import Announced, Refusal, RefusalKind, StatedLimit
from massgen_plugins.quota import ACCOUNT_POOL, MINUTE, NANOSECONDS, CalendarDay, Kind
from massgen_plugins.rate_limit import learning
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.reservation import Reservation
from massgen_plugins.rate_limit.verdict import Reason
from massgen_plugins.testing.contract.stand import MODEL, ONE, ZONE, Check, Stand, per_day, per_minute

__all__ = ["CHECKS"]


def a_pause_holds_back_every_process_from_now_on(stand: Stand) -> None:
    """The ten seconds that the provider asked for, plus one."""
    _refused(stand, Refusal(RefusalKind.WINDOW, retry_after=10.0))
    blocker = stand.ask(ONE, process="other").blocker
    assert blocker is not None
    assert blocker.reason is Reason.PAUSE
    stand.advance(11.5)
    assert len(stand.ask(ONE, process="other").granted) == 1


def after_a_pause_one_call_leaves_alone(stand: Stand) -> None:
    """The end of a pause does not release all waiters at once."""
    stated = StatedLimit(Kind.REQUESTS, MINUTE, 9)
    _refused(stand, Refusal(RefusalKind.WINDOW, retry_after=1.0, limits=(stated,)))
    stand.advance(2.5)
    answer = stand.ask(*[ONE] * 4)
    assert len(answer.granted) == 1
    assert answer.blocker is not None
    assert answer.blocker.reason is Reason.PROBE
    _succeeded(stand, answer.granted[0])
    assert len(stand.ask(*[ONE] * 3).granted) == 3


def a_lower_limit_is_adopted_and_kept(stand: Stand) -> None:
    """The provider states three requests per minute; this is learned once."""
    refusal = Refusal(RefusalKind.WINDOW, retry_after=1.0, limits=(StatedLimit(Kind.REQUESTS, MINUTE, 3),))
    call = _one_call(stand)
    assert _learn(stand, call, refusal)
    assert not _learn(stand, call, refusal)
    stand.advance(2.5)
    (probe,) = stand.ask(ONE).granted
    _succeeded(stand, probe)
    assert len(stand.ask(*[ONE] * 5).granted) == 1
    assert [row.cap for row in stand.view(process="other")] == [3]


def a_day_that_the_provider_calls_spent_is_spent(stand: Stand) -> None:
    """Regardless of the local count: the key may be used elsewhere."""
    stand.configure(per_day(100))
    (call,) = stand.ask(ONE).granted
    stated = StatedLimit(Kind.REQUESTS, CalendarDay(ZONE))
    _learn(stand, call, Refusal(RefusalKind.UNTIL, limits=(stated,)))
    blocker = stand.ask(ONE, process="other").blocker
    assert blocker is not None
    assert blocker.reason is Reason.UNTIL
    assert blocker.limit == per_day(100)


def a_refusal_until_a_moment_ends_then(stand: Stand) -> None:
    """Including a sliding day that resets in seven seconds."""
    _refused(stand, Refusal(RefusalKind.UNTIL, retry_after=7.0))
    assert not stand.ask(ONE).granted
    stand.advance(8.5)
    assert stand.ask(ONE).granted


def a_closed_pool_says_what_to_do(stand: Stand) -> None:
    """For a minute, so that an unusable key costs one refusal rather than one per agent."""
    _refused(stand, Refusal(RefusalKind.PERMANENT, advice="Add credit.", quote="no funds"))
    blocker = stand.ask(ONE, process="other").blocker
    assert blocker is not None
    assert (blocker.reason, blocker.advice, blocker.quote) == (Reason.CLOSED, "Add credit.", "no funds")
    stand.advance(61)
    assert stand.ask(ONE).granted


def a_refusal_of_one_call_says_nothing_of_others(stand: Stand) -> None:
    """A call larger than the limit does not affect others."""
    _refused(stand, Refusal(RefusalKind.CALL, advice="Send less."))
    assert len(stand.ask(*[ONE] * 3).granted) == 3


def a_refusal_of_the_account_closes_all_its_pools(stand: Stand) -> None:
    """A refusal of another pool leaves this one open."""
    call = _one_call(stand)
    _learn(stand, call, Refusal(RefusalKind.WINDOW, pool="another", retry_after=30.0))
    assert stand.ask(ONE, pools=(MODEL, ACCOUNT_POOL)).granted
    _learn(stand, call, Refusal(RefusalKind.WINDOW, pool=ACCOUNT_POOL, retry_after=30.0))
    assert not stand.ask(ONE, pools=(MODEL, ACCOUNT_POOL)).granted
    assert not stand.ask(ONE, pools=("third", ACCOUNT_POOL), process="other").granted


def announced_limits_go_up_and_down(stand: Stand) -> None:
    """Without a declared limit, the announced one applies."""
    (call,) = stand.ask(ONE).granted
    for limit in (3, 8, 4):
        _announce(stand, call, Announced(Kind.REQUESTS, MINUTE, limit))
        assert [row.cap for row in stand.view(process="other")] == [limit]
    assert len(stand.ask(*[ONE] * 9).granted) == 4


def what_remains_only_lowers_what_is_free(stand: Stand) -> None:
    """The key may be used elsewhere: usage counted by the server is booked until the reset."""
    call = _one_call(stand)
    _announce(stand, call, Announced(Kind.REQUESTS, MINUTE, remaining=2, resets_in=20))
    assert stand.used() == [7]
    _announce(stand, call, Announced(Kind.REQUESTS, MINUTE, remaining=8))
    assert stand.used() == [7]
    stand.advance(20.5)
    assert stand.used() == [1]


def what_was_learned_can_be_forgotten(stand: Stand) -> None:
    """Together with everything else in the domain."""
    _refused(stand, Refusal(RefusalKind.WINDOW, limits=(StatedLimit(Kind.REQUESTS, MINUTE, 2),)))
    stand.process("cli").forget()
    assert len(stand.ask(*[ONE] * 10).granted) == 9


def the_provider_may_tell_the_time_and_no_minute_changes(stand: Stand) -> None:
    """The provider's clock is separate from the one that windows use."""
    call = _one_call(stand)
    begun = call.begun
    for date in (1_577_836_800, 4_102_444_799):
        stand.do(partial(_observe, date * NANOSECONDS, begun))
        assert stand.used() == [1]
        assert stand.granted(*[ONE] * 9) == 8
        stand.advance(70)
        assert stand.granted(ONE) == 1
        stand.advance(70)
        begun = stand.store.tick()
        assert stand.granted(ONE) == 1


def _observe(date: int, begun: int, state: DomainState, now: Moment) -> None:
    learning.observed_date(state, date, now.tick - begun, now.tick)


def _one_call(stand: Stand) -> Reservation:
    """Admit one call under a limit of nine per minute."""
    stand.configure(per_minute(9))
    (call,) = stand.ask(ONE).granted
    return call


def _refused(stand: Stand, refusal: Refusal) -> None:
    _learn(stand, _one_call(stand), refusal)


def _learn(stand: Stand, call: Reservation, refusal: Refusal) -> bool:
    return stand.do(lambda state, now: learning.refused(state, now, call, refusal, 0.5))


def _succeeded(stand: Stand, call: Reservation) -> None:
    stand.do(lambda state, now: learning.succeeded(state, now, call))


def _announce(stand: Stand, call: Reservation, row: Announced) -> None:
    stand.do(lambda state, now: learning.announced(state, now, call, [row]))


CHECKS: tuple[Check, ...] = (
    a_pause_holds_back_every_process_from_now_on,
    after_a_pause_one_call_leaves_alone,
    a_lower_limit_is_adopted_and_kept,
    a_day_that_the_provider_calls_spent_is_spent,
    a_refusal_until_a_moment_ends_then,
    a_closed_pool_says_what_to_do,
    a_refusal_of_one_call_says_nothing_of_others,
    a_refusal_of_the_account_closes_all_its_pools,
    announced_limits_go_up_and_down,
    what_remains_only_lowers_what_is_free,
    what_was_learned_can_be_forgotten,
    the_provider_may_tell_the_time_and_no_minute_changes,
)
