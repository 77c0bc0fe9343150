"""What a Gemini "no" means: what helps against it, whom it concerns, until when, and which limit it names.

Google sends no headers about quotas; all is in the error's JSON. Its shapes were collected from real answers
of 2024 to 2026; the tests hold one of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.providers.base import ModelRequest
from massgen_plugins.providers.gemini import advice, wording
from massgen_plugins.providers.gemini.errors import GeminiError, read_error
from massgen_plugins.providers.gemini.hints import Hint, read_hint
from massgen_plugins.providers.gemini.pools import pool_of, pool_without_limits
from massgen_plugins.providers.gemini.violations import Violation, read_violations
from massgen_plugins.providers.text import quoted
from massgen_plugins.quota import ACCOUNT_POOL, NANOSECONDS, CalendarDay, CalendarMonth, Kind, Sliding

__all__ = ["read_refusal"]

_REFUSALS = frozenset({402, 429, 503, 529})
_SPENDING = Sliding(600 * NANOSECONDS)
"""Google counts what a project spends over any 10 minutes (https://ai.google.dev/gemini-api/docs/rate-limits)."""
_SHORT = 300.0
"""Seconds; a refusal that invites to come later than this is no matter of a minute's window."""


def read_refusal(
    status: int, headers: Mapping[str, str], body: bytes, request: ModelRequest
) -> Refusal | None:
    """Read an error answer, or an event of a stream that began with status 200; never raises.

    A wrong request (400), a missing right (401, 403) and a fault of the server (500) are no refusals: they
    say nothing about quotas, and clients repeat a 500 by themselves. A gateway may answer with one of them
    and pass on a refusal inside: then that is meant.

    Args:
        status: HTTP status of the answer.
        headers: Lower-case names.
        body: The whole error body, or one event with or without its ``data:``.
        request: What was asked.
    """
    error = read_error(body, in_stream=status == 200)
    code = status
    if status not in _REFUSALS:
        code = (error.code or wording.code_of_words(error.message)) if error else 0
    if code not in _REFUSALS:
        return None
    error = error or GeminiError()
    hint = read_hint(error, headers)
    violations = read_violations(error)
    refusal = (
        _of_money(code, error, hint)
        or _of_size(violations, error, request)
        or _of_limits(violations, error, hint, request)
        or _without_limits(code, error, hint, request)
    )
    return replace(refusal, quote=quoted(wording.without_pointers(error.message)))


def _of_money(code: int, error: GeminiError, hint: Hint) -> Refusal | None:
    """Money that is gone, or is being spent too fast; the text is all that tells it from a busy server."""
    message = error.message.lower()
    if "spending cap" in message:
        return Refusal(RefusalKind.PERMANENT, ACCOUNT_POOL, advice=advice.SPENDING_CAP)
    if code == 402 or ("prepa" in message and "depleted" in message):
        return Refusal(RefusalKind.PERMANENT, ACCOUNT_POOL, advice=advice.NO_CREDIT)
    too_fast, amount = wording.spending_window(error.message)
    if not too_fast:
        return None
    limits = (StatedLimit(Kind.COST, _SPENDING, amount),)
    return Refusal(RefusalKind.WINDOW, ACCOUNT_POOL, hint.seconds, hint.until, limits)


def _of_size(violations: Sequence[Violation], error: GeminiError, request: ModelRequest) -> Refusal | None:
    """This one request is larger than a whole limit, and the answer says so."""
    if not wording.is_too_large(error.message):
        return None
    pool = pool_of(violations[0], request) if violations else None
    return Refusal(RefusalKind.CALL, pool, limits=_stated(violations), advice=advice.TOO_LARGE)


def _of_limits(
    violations: Sequence[Violation], error: GeminiError, hint: Hint, request: ModelRequest
) -> Refusal | None:
    """A refusal that names limits: never (zero), until a day's end, or within a short window."""
    if wording.has_no_free_tier(
        error.message
    ):  # which speaks of the model asked for, whatever bucket it names
        return Refusal(RefusalKind.PERMANENT, limits=_stated(violations), advice=advice.NO_ACCESS)
    binding, kind = _binding(violations, hint)
    if kind is None:
        return None
    pool = pool_of(binding[0], request)
    limits = _stated([violation for violation in violations if pool_of(violation, request) == pool])
    if kind is RefusalKind.PERMANENT:
        what = advice.NO_TOOL if binding[0].tool_pool else advice.NO_ACCESS
        return Refusal(kind, pool, limits=limits, advice=what)
    # On the free tier a spent day comes with a hint of seconds, which is wrong; elsewhere it is right.
    if kind is RefusalKind.UNTIL and any(each.is_free_tier and _is_long(each) for each in binding):
        hint = Hint(None, hint.until)
    return Refusal(kind, pool, hint.seconds, hint.until, limits)


def _binding(violations: Sequence[Violation], hint: Hint) -> tuple[Sequence[Violation], RefusalKind | None]:
    """The violations that decide, and what they mean; None if they do not tell."""
    zero = [violation for violation in violations if violation.amount == 0]
    if zero:
        return zero, RefusalKind.PERMANENT
    # A limit of zero is left out of the JSON. One window without its limit is how some answers say "used up";
    # nobody uses up a minute and a day at the same moment.
    windows = {violation.window for violation in violations} - {None}
    if len(windows) > 1 and all(violation.amount is None for violation in violations):
        return violations, RefusalKind.PERMANENT
    long = [violation for violation in violations if _is_long(violation)]
    if long:
        return long, RefusalKind.UNTIL
    if violations and _is_far(hint):
        return violations, RefusalKind.UNTIL
    if windows or (violations and hint.seconds is not None):
        return violations, RefusalKind.WINDOW
    return (), None


def _without_limits(code: int, error: GeminiError, hint: Hint, request: ModelRequest) -> Refusal:
    """A refusal that names no limit: a moment, a hint, or nothing at all."""
    pool, suspected = pool_without_limits(error, request)
    if code != 429:
        return Refusal(RefusalKind.OVERLOAD, pool, hint.seconds, hint.until)
    if _is_far(hint):
        return Refusal(RefusalKind.UNTIL, pool, hint.seconds, hint.until)
    if hint.seconds is None:
        return Refusal(RefusalKind.OVERLOAD, suspected, advice=advice.NO_REASON)
    kind = RefusalKind.WINDOW if "quota" in error.message.lower() else RefusalKind.OVERLOAD
    return Refusal(kind, pool, hint.seconds)


def _stated(violations: Sequence[Violation]) -> tuple[StatedLimit, ...]:
    return tuple(dict.fromkeys(stated for stated in (each.stated for each in violations) if stated))


def _is_long(violation: Violation) -> bool:
    return isinstance(violation.window, CalendarDay | CalendarMonth)


def _is_far(hint: Hint) -> bool:
    return hint.until is not None or (hint.seconds is not None and hint.seconds > _SHORT)
