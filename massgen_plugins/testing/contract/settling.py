"""What is known better replaces what was estimated: at once, once, and never after it has aged out."""

from __future__ import annotations

from massgen_plugins.quota import Kind
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

_HUNDRED = {Kind.INPUT_TOKENS: 100}


async def settling_gives_the_rest_back_at_once(stand: Stand) -> None:
    """A hundred were estimated, forty were taken: sixty are free."""
    await stand.store.configure(SCOPE, rules(tokens(100)))
    (hold,) = (await stand.ask(_HUNDRED)).holds
    hold.settle({Kind.INPUT_TOKENS: 40})
    await stand.tell(hold)
    assert stand.used() == [40]
    assert await stand.granted({Kind.INPUT_TOKENS: 60}) == 1


async def settling_twice_changes_nothing_and_the_last_word_is_true(stand: Stand) -> None:
    """Usage is told several times in one stream."""
    await stand.store.configure(SCOPE, rules(tokens(100)))
    (hold,) = (await stand.ask(_HUNDRED)).holds
    for known in (40, 40, 55):
        hold.settle({Kind.INPUT_TOKENS: known})
        await stand.tell(hold)
        await stand.tell(hold)
    assert stand.used() == [55]


async def more_than_was_estimated_is_a_debt(stand: Stand) -> None:
    """What the server has counted counts, also beyond the limit."""
    await stand.store.configure(SCOPE, rules(tokens(100)))
    (hold,) = (await stand.ask(_HUNDRED)).holds
    hold.settle({Kind.INPUT_TOKENS: 130})
    await stand.tell(hold)
    assert stand.used() == [130]
    assert await stand.granted({Kind.INPUT_TOKENS: 1}) == 0


async def a_released_call_has_taken_nothing(stand: Stand) -> None:
    """In no window, of no kind."""
    await stand.store.configure(SCOPE, rules(per_minute(1), tokens(100), per_day(1)))
    (hold,) = (await stand.ask({**ONE, **_HUNDRED})).holds
    hold.release()
    await stand.tell(hold)
    assert stand.used() == [0, 0, 0]
    assert await stand.granted({**ONE, **_HUNDRED}) == 1


async def news_that_comes_too_late_spends_nothing_anew(stand: Stand) -> None:
    """The call has aged out."""
    await stand.store.configure(SCOPE, rules(tokens(100)))
    (hold,) = (await stand.ask({Kind.INPUT_TOKENS: 10})).holds
    stand.advance(70)
    assert stand.used() == [0]
    hold.settle({Kind.INPUT_TOKENS: 90})
    await stand.tell(hold)
    assert stand.used() == [0]


async def news_travels_with_a_question(stand: Stand) -> None:
    """What it sets free is there for the calls that are asked for with it."""
    await stand.store.configure(SCOPE, rules(tokens(100)))
    (hold,) = (await stand.ask(_HUNDRED)).holds
    hold.settle({Kind.INPUT_TOKENS: 30})
    decision = await stand.ask({Kind.INPUT_TOKENS: 70}, news=(hold,))
    assert len(decision.holds) == 1


async def news_of_other_books_changes_nothing(stand: Stand) -> None:
    """The scope was forgotten meanwhile, and begun anew."""
    await stand.store.configure(SCOPE, rules(per_minute(5)))
    (lost,) = (await stand.ask(ONE)).holds
    stand.store.forget(SCOPE)
    stand.advance(0.001)
    await stand.store.configure(SCOPE, rules(per_minute(5)))
    assert await stand.granted(ONE, ONE) == 2
    lost.release()
    await stand.tell(lost)
    assert stand.used() == [2]


CHECKS: tuple[Check, ...] = (
    settling_gives_the_rest_back_at_once,
    settling_twice_changes_nothing_and_the_last_word_is_true,
    more_than_was_estimated_is_a_debt,
    a_released_call_has_taken_nothing,
    news_that_comes_too_late_spends_nothing_anew,
    news_travels_with_a_question,
    news_of_other_books_changes_nothing,
)
