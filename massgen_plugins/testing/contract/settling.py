"""Settlement: actual usage replaces the estimate immediately, once, and never after the call has aged out."""

from __future__ import annotations

from massgen_plugins.quota import Amounts, Kind
from massgen_plugins.rate_limit.reservation import Reservation
from massgen_plugins.testing.contract.stand import ONE, Check, Stand, per_day, per_minute, tokens

__all__ = ["CHECKS"]

_HUNDRED: dict[str, int] = {Kind.INPUT_TOKENS: 100}


def settling_gives_the_rest_back_at_once(stand: Stand) -> None:
    """Of a hundred estimated, forty were used: sixty are available again."""
    stand.configure(tokens(100))
    call = _one(stand, _HUNDRED)
    call.settle({Kind.INPUT_TOKENS: 40})
    stand.know(call)
    assert stand.used() == [40]
    assert stand.granted({Kind.INPUT_TOKENS: 60}, process="other") == 1


def settling_twice_changes_nothing_and_the_last_report_is_true(stand: Stand) -> None:
    """Usage may be reported several times in one stream."""
    stand.configure(tokens(100))
    call = _one(stand, _HUNDRED)
    for known in (40, 40, 55):
        call.settle({Kind.INPUT_TOKENS: known})
        stand.know(call)
        stand.know(call)
    assert stand.used() == [55]


def more_than_was_estimated_is_a_debt(stand: Stand) -> None:
    """Usage counted by the server is booked even beyond the limit."""
    stand.configure(tokens(100))
    call = _one(stand, _HUNDRED)
    call.settle({Kind.INPUT_TOKENS: 130})
    stand.know(call)
    assert stand.used() == [130]
    assert stand.granted({Kind.INPUT_TOKENS: 1}) == 0


def a_released_call_has_taken_nothing(stand: Stand) -> None:
    """In all windows and of all kinds."""
    stand.configure(per_minute(1), tokens(100), per_day(1))
    call = _one(stand, {**ONE, **_HUNDRED})
    call.release()
    stand.know(call)
    assert stand.used() == [0, 0, 0]
    assert stand.granted({**ONE, **_HUNDRED}) == 1


def an_update_that_comes_too_late_spends_nothing_anew(stand: Stand) -> None:
    """An update for a call that has aged out has no effect."""
    stand.configure(tokens(100))
    call = _one(stand, {Kind.INPUT_TOKENS: 10})
    stand.advance(70)
    assert stand.used() == [0]
    call.settle({Kind.INPUT_TOKENS: 90})
    stand.know(call)
    assert stand.used() == [0]


def updates_of_forgotten_books_change_nothing(stand: Stand) -> None:
    """The domain was reset in the meantime."""
    stand.configure(per_minute(5))
    lost = _one(stand, ONE)
    stand.process("cli").forget()
    assert stand.granted(ONE, ONE) == 2
    lost.release()
    stand.know(lost)
    assert stand.used() == [2]


def _one(stand: Stand, amounts: Amounts) -> Reservation:
    (call,) = stand.ask(amounts).granted
    stand.attach(call)
    return call


CHECKS: tuple[Check, ...] = (
    settling_gives_the_rest_back_at_once,
    settling_twice_changes_nothing_and_the_last_report_is_true,
    more_than_was_estimated_is_a_debt,
    a_released_call_has_taken_nothing,
    an_update_that_comes_too_late_spends_nothing_anew,
    updates_of_forgotten_books_change_nothing,
)
