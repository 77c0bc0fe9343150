"""Never over, in any window and any kind; never idle."""

from __future__ import annotations

from massgen_plugins.quota import Kind
from massgen_plugins.rate_limit.decision import Reason
from massgen_plugins.rate_limit.stores.base import ScopeUnknown
from massgen_plugins.testing.contract.stand import (
    ONE,
    SCOPE,
    Check,
    Stand,
    per_day,
    per_minute,
    rules,
    tokens,
)

__all__ = ["CHECKS"]

_STEP = 0.3
"""Seconds by which calls that share a cell may age out late in a minute: one 400th of it, and rounding."""


async def no_more_than_the_limit_is_admitted(stand: Stand) -> None:
    """Of five calls at once three leave, and the fourth is told what it waits for."""
    await stand.store.configure(SCOPE, rules(per_minute(3)))
    decision = await stand.ask(*[ONE] * 5)
    assert len(decision.holds) == 3
    assert decision.blocker is not None
    assert decision.blocker.reason is Reason.LIMIT
    assert decision.blocker.limit == per_minute(3)
    assert decision.blocker.wake > stand.store.tick()


async def a_place_is_free_one_window_after_the_headers(stand: Stand) -> None:
    """Not a moment earlier; later by no more than the width of a cell."""
    await stand.store.configure(SCOPE, rules(per_minute(1)))
    (hold,) = (await stand.ask(ONE)).holds
    stand.advance(0.7)
    await stand.answered(hold)
    stand.advance(59.9)
    assert await stand.granted(ONE) == 0
    stand.advance(0.1 + _STEP)
    assert await stand.granted(ONE) == 1


async def a_call_of_which_no_news_comes_stays_spent(stand: Stand) -> None:
    """A killed process's call counts for one window after the latest moment at which it can have arrived."""
    await stand.store.configure(SCOPE, rules(per_minute(1)))
    assert await stand.granted(ONE) == 1
    stand.advance(61.9)
    assert await stand.granted(ONE) == 0
    stand.advance(0.2 + _STEP)
    assert await stand.granted(ONE) == 1


async def all_kinds_fit_or_nothing_is_taken(stand: Stand) -> None:
    """A call that has too many tokens takes no request either."""
    await stand.store.configure(SCOPE, rules(per_minute(2), tokens(100)))
    assert await stand.granted({**ONE, Kind.INPUT_TOKENS: 90}) == 1
    assert await stand.granted({**ONE, Kind.INPUT_TOKENS: 20}) == 0
    assert stand.used() == [1, 90]


async def a_large_amount_is_one_step(stand: Stand) -> None:
    """Four million tokens are counted like one."""
    await stand.store.configure(SCOPE, rules(tokens(10_000_000)))
    assert await stand.granted(*[{Kind.INPUT_TOKENS: 4_000_000}] * 3) == 2
    assert stand.used() == [8_000_000]


async def a_spent_day_is_final_and_says_when_it_ends(stand: Stand) -> None:
    """Waiting within this window is no cure, and nothing of the minute is taken."""
    await stand.store.configure(SCOPE, rules(per_minute(9), per_day(2)))
    decision = await stand.ask(ONE, ONE, ONE)
    assert len(decision.holds) == 2
    assert decision.blocker is not None
    assert decision.blocker.final
    assert decision.blocker.reason is Reason.DAY
    assert decision.blocker.resets > 0
    assert stand.used() == [2, 2]


async def a_scope_without_rules_admits_nothing(stand: Stand) -> None:
    """It has to be configured, also when it was forgotten."""
    await _unknown(stand)
    await stand.store.configure(SCOPE, rules(per_minute(1)))
    assert await stand.granted(ONE) == 1
    stand.store.forget(SCOPE)
    await _unknown(stand)
    await stand.store.configure(SCOPE, rules(per_minute(1)))
    assert await stand.granted(ONE) == 1


async def other_limits_keep_what_was_spent(stand: Stand) -> None:
    """A limit that is raised frees the difference; what was spent stays spent."""
    await stand.store.configure(SCOPE, rules(per_minute(2)))
    assert await stand.granted(ONE, ONE) == 2
    await stand.store.configure(SCOPE, rules(per_minute(3), tokens(50)))
    assert stand.used() == [2, 0]
    assert await stand.granted(ONE, ONE) == 1


async def _unknown(stand: Stand) -> None:
    try:
        await stand.ask(ONE)
    except ScopeUnknown:
        return
    raise AssertionError("a scope without rules admitted a call")


CHECKS: tuple[Check, ...] = (
    no_more_than_the_limit_is_admitted,
    a_place_is_free_one_window_after_the_headers,
    a_call_of_which_no_news_comes_stays_spent,
    all_kinds_fit_or_nothing_is_taken,
    a_large_amount_is_one_step,
    a_spent_day_is_final_and_says_when_it_ends,
    a_scope_without_rules_admits_nothing,
    other_limits_keep_what_was_spent,
)
