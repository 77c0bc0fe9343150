"""Admission: no limit is exceeded, no capacity is left idle, a call books in all of its pools or in none."""

from __future__ import annotations

from massgen_plugins.quota import ACCOUNT_POOL, HELD, MINUTE, NANOSECONDS, Bucket, CalendarMonth, Kind, Limit
from massgen_plugins.rate_limit.verdict import Reason
from massgen_plugins.testing.contract.stand import MODEL, ONE, ZONE, Check, Stand, per_day, per_minute, tokens

__all__ = ["CHECKS"]

_STEP = 0.3
"""Seconds by which a call may age out of a minute late: the window's resolution (1/250), and rounding."""


def no_more_than_the_limit_is_admitted(stand: Stand) -> None:
    """Of five simultaneous calls three are admitted, and the fourth learns what it waits for."""
    stand.configure(per_minute(3))
    answer = stand.ask(*[ONE] * 5)
    assert len(answer.granted) == 3
    assert answer.blocker is not None
    assert answer.blocker.reason is Reason.LIMIT
    assert answer.blocker.limit == per_minute(3)
    assert answer.blocker.until > stand.store.tick()


def a_place_is_free_one_window_after_the_headers(stand: Stand) -> None:
    """Never earlier, and later by at most the window's resolution."""
    stand.configure(per_minute(1))
    (call,) = stand.ask(ONE).granted
    stand.advance(0.7)
    stand.answered(call)
    stand.advance(59.9)
    assert stand.granted(ONE) == 0
    stand.advance(0.1 + _STEP)
    assert stand.granted(ONE) == 1


def a_call_of_which_nothing_is_reported_stays_spent(stand: Stand) -> None:
    """A killed process's call counts for one window after its latest possible arrival at the server."""
    stand.configure(per_minute(1))
    assert stand.granted(ONE) == 1
    stand.advance(61.9)
    assert stand.granted(ONE) == 0
    stand.advance(0.2 + _STEP)
    assert stand.granted(ONE) == 1


def all_kinds_fit_or_nothing_is_taken(stand: Stand) -> None:
    """A call with too many tokens books no request either."""
    stand.configure(per_minute(2), tokens(100))
    assert stand.granted({**ONE, Kind.INPUT_TOKENS: 90}) == 1
    assert stand.granted({**ONE, Kind.INPUT_TOKENS: 20}) == 0
    assert stand.used() == [1, 90]


def all_pools_or_none(stand: Stand) -> None:
    """A call blocked by the account's pool books nothing in its model's pool; other pools stay available."""
    stand.configure(per_minute(9))
    stand.configure(per_minute(2), pool=ACCOUNT_POOL)
    both = (MODEL, ACCOUNT_POOL)
    assert len(stand.ask(ONE, ONE, pools=both).granted) == 2
    assert not stand.ask(ONE, pools=both).granted
    assert stand.used() == [2]
    assert len(stand.ask(ONE, pools=(MODEL,), process="other").granted) == 1


def a_bucket_refills_continuously(stand: Stand) -> None:
    """Full at the start; then one call per ten seconds."""
    stand.configure(Limit(Kind.REQUESTS, 6, Bucket(MINUTE.length)))
    calls = stand.ask(*[ONE] * 9).granted
    assert len(calls) == 6
    for call in calls:
        stand.answered(call)
    stand.advance(9.9)
    assert stand.granted(ONE, ONE) == 0
    stand.advance(0.2)
    assert stand.granted(ONE, ONE) == 1


def a_place_is_held_until_the_call_is_over(stand: Stand) -> None:
    """However long it takes while its process is alive, but no longer than its lease."""
    stand.configure(Limit(Kind.CONCURRENT, 1, HELD))
    one: dict[str, int] = {Kind.CONCURRENT: 1}
    (call,) = stand.ask(one).granted
    stand.attach(call)
    for _ in range(5):
        stand.advance(50)
        call.renew()
        stand.know(call)
        assert stand.granted(one, process="other") == 0
    call.finished()
    stand.know(call)
    stand.advance(0.2)
    assert stand.granted(one, process="other") == 1
    assert stand.granted(one) == 0
    stand.advance(61)
    assert stand.granted(one) == 1


def a_month_is_counted(stand: Stand) -> None:
    """A monthly limit counts until the end of the month."""
    stand.configure(Limit(Kind.COST, 1_000_000, CalendarMonth(ZONE)))
    cost: dict[str, int] = {Kind.COST: 600_000}
    answer = stand.ask(cost, cost)
    assert len(answer.granted) == 1
    assert answer.blocker is not None
    assert answer.blocker.reason is Reason.UNTIL
    assert answer.blocker.resets % (900 * NANOSECONDS) == 0


def a_large_amount_is_one_step(stand: Stand) -> None:
    """Four million tokens cost no more work than one."""
    stand.configure(tokens(10_000_000))
    assert stand.granted(*[_tokens(4_000_000)] * 3) == 2
    assert stand.used() == [8_000_000]


def a_spent_day_is_final_and_says_when_it_ends(stand: Stand) -> None:
    """The refusal names the reset, and nothing is booked in the minute's window."""
    stand.configure(per_minute(9), per_day(2))
    answer = stand.ask(ONE, ONE, ONE)
    assert len(answer.granted) == 2
    assert answer.blocker is not None
    assert answer.blocker.final
    assert answer.blocker.reason is Reason.UNTIL
    assert answer.blocker.resets > 0
    assert stand.used() == [2, 2]


def a_lower_limit_holds_at_once(stand: Stand) -> None:
    """Usage under the old limit counts towards the new one."""
    stand.configure(per_minute(9))
    assert stand.granted(*[ONE] * 4) == 4
    stand.configure(per_minute(5))
    assert stand.granted(*[ONE] * 4) == 1


def processes_with_other_limits_count_together(stand: Stand) -> None:
    """Each applies its own limits to the usage of both."""
    stand.configure(per_minute(9))
    assert stand.granted(*[ONE] * 6) == 6
    stand.configure(per_minute(9), per_day(7))
    assert stand.granted(*[ONE] * 4, process="other") == 3


def _tokens(amount: int) -> dict[str, int]:
    return {Kind.INPUT_TOKENS: amount}


CHECKS: tuple[Check, ...] = (
    no_more_than_the_limit_is_admitted,
    a_place_is_free_one_window_after_the_headers,
    a_call_of_which_nothing_is_reported_stays_spent,
    all_kinds_fit_or_nothing_is_taken,
    all_pools_or_none,
    a_bucket_refills_continuously,
    a_place_is_held_until_the_call_is_over,
    a_month_is_counted,
    a_large_amount_is_one_step,
    a_spent_day_is_final_and_says_when_it_ends,
    a_lower_limit_holds_at_once,
    processes_with_other_limits_count_together,
)
