"""Interprets Gemini refusals: kind, pool, duration and limits.

Google sends no quota headers; everything is in the error's JSON. Its variants were collected from real
answers of 2024 to 2026; the tests contain one of each.
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
"""Window of Google's spending limit per project (https://ai.google.dev/gemini-api/docs/rate-limits)."""
_SHORT = 300.0
"""Seconds; a refusal with a longer delay is not about a window of a minute."""


def read_refusal(
    status: int, headers: Mapping[str, str], body: bytes, request: ModelRequest
) -> Refusal | None:
    """Parse an error answer, or an event of a stream with status 200. Never raises.

    An invalid request (400), missing permissions (401, 403) and a server error (500) are no refusals: they
    are not about quotas, and clients retry a 500 themselves. If a gateway answers with one of these but wraps
    a refusal, the refusal counts.

    Args:
        status: HTTP status of the answer.
        headers: Values by lower-case name.
        body: The whole error body, or one event with or without ``data:``.
        request: The model call.
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
    """A refusal because credit is used up or spent too fast; only the text differs from an overload."""
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
    """A refusal of a request that is larger than a limit, if the answer says so."""
    if not wording.is_too_large(error.message):
        return None
    pool = pool_of(violations[0], request) if violations else None
    return Refusal(RefusalKind.CALL, pool, limits=_stated(violations), advice=advice.TOO_LARGE)


def _of_limits(
    violations: Sequence[Violation], error: GeminiError, hint: Hint, request: ModelRequest
) -> Refusal | None:
    """A refusal that states limits: zero, until the end of a day, or for a short window."""
    if wording.has_no_free_tier(error.message):  # it concerns the requested model, whatever quota it names
        return Refusal(RefusalKind.PERMANENT, limits=_stated(violations), advice=advice.NO_ACCESS)
    binding, kind = _binding(violations, hint)
    if kind is None:
        return None
    pool = pool_of(binding[0], request)
    limits = _stated([violation for violation in violations if pool_of(violation, request) == pool])
    if kind is RefusalKind.PERMANENT:
        what = advice.NO_TOOL if binding[0].tool_pool else advice.NO_ACCESS
        return Refusal(kind, pool, limits=limits, advice=what)
    # On the free tier, a used-up day comes with a wrong hint of seconds; on other tiers the hint is right.
    if kind is RefusalKind.UNTIL and any(each.is_free_tier and _is_long(each) for each in binding):
        hint = Hint(None, hint.until)
    return Refusal(kind, pool, hint.seconds, hint.until, limits)


def _binding(violations: Sequence[Violation], hint: Hint) -> tuple[Sequence[Violation], RefusalKind | None]:
    """The decisive violations and the resulting kind; None if it cannot be determined."""
    zero = [violation for violation in violations if violation.amount == 0]
    if zero:
        return zero, RefusalKind.PERMANENT
    # A limit of zero is omitted from the JSON. Some answers also omit the limit of a single used-up window,
    # but a minute and a day are not used up at the same moment.
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
    """A refusal without limits: with an end, a delay, or neither."""
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
