"""Interprets errors by tables of rules: a provider's own first, then shared ones."""

from __future__ import annotations

from collections.abc import Sequence

from massgen_plugins.middleware import Announced, Refusal, RefusalKind, StatedLimit
from massgen_plugins.providers.base import Conventions
from massgen_plugins.providers.errors import ErrorFacts
from massgen_plugins.providers.harmless import harmless
from massgen_plugins.providers.headers import parse_count, parse_moment, plain_reset, retry_after
from massgen_plugins.providers.hints import prose_moment, prose_wait
from massgen_plugins.providers.rules import Rule, RuleBook, rule
from massgen_plugins.providers.stated import Stated, read_stated
from massgen_plugins.providers.text import quoted
from massgen_plugins.providers.windows import window_of
from massgen_plugins.quota import ACCOUNT_POOL, HELD, CalendarDay, CalendarMonth, Window

__all__ = ["read_refusal"]

_TOO_LARGE = (
    "This one request asks for {asked:,} {kind} and {label} grants this key {amount:,} per {window} here, so "
    "it can never pass: give the agent less text and fewer tools, a smaller max_tokens, or another model."
)
_TOO_LARGE_UNSAID = (
    "This one request is larger than what {label} grants this key at once, so it can never pass: "
    "give the agent less text and fewer tools, a smaller max_tokens, or another model."
)
_NO_ACCESS = "{label} grants this API key no use of this model at all: choose another model or plan{place}."
_LONG = 3_600.0
"""Seconds; limits with longer windows are exhausted until a point in time."""
_REFUSALS = frozenset({402, 429, 498, 503, 529})
_BUSY = frozenset({498, 503, 529})


_PERMANENT = RefusalKind.PERMANENT
_PASSING = frozenset({RefusalKind.OVERLOAD, RefusalKind.WINDOW})
_FOR_GOOD = frozenset({_PERMANENT, RefusalKind.CALL})
SHARED = (
    # OpenAI's error codes guide and field, 2025 to 2026; hosts override codes with another meaning.
    rule(
        _PERMANENT,
        codes="insufficient_quota credit_balance_exhausted organization_usage_limit_exceeded "
        "organization_spend_limit_exceeded project_spend_limit_exceeded billing_not_active "
        "billing_hard_limit_reached account_deactivated insufficient_balance insufficient_credits "
        "budget_exceeded",  # the last one by LiteLLM's proxy, with status 400 or 429 (field, 2025 to 2026)
        pool=ACCOUNT_POOL,
    ),
    rule(
        RefusalKind.OVERLOAD, codes="slow_down server_is_overloaded overloaded_error engine_overloaded_error"
    ),
    rule(RefusalKind.OVERLOAD, words=("at capacity", "temporarily overloaded", "currently overloaded")),
    rule(_PERMANENT, statuses=(402,), pool=ACCOUNT_POOL),
)


def read_refusal(
    error: ErrorFacts, book: RuleBook, announced: Sequence[Announced], now: float
) -> Refusal | None:
    """Interpret an error by a provider's rules; None if it is not a refusal.

    Args:
        error: The error.
        book: The provider's rules.
        announced: Limits announced in the answer's headers.
        now: The provider's time, in seconds since the epoch.
    """
    if error.status < 400 and not error.codes and not error.text:
        return None
    until = _until(error, now)
    hint = _hint(error, book, announced, now)
    if hint is None and until is not None:
        hint = until - now
    stated = read_stated(error.text, book.conventions)
    pool = _named_pool(error, book)
    if error.status == 429 and any(
        parse_count(error.headers.get(name, "")) == 0 for name in book.zero_headers
    ):
        advice = book.say(_NO_ACCESS)
        return Refusal(RefusalKind.PERMANENT, pool=pool, advice=advice, quote=_quote(error))
    for row in book.rules:
        if _fits(row, error) and (until is not None or not row.needs_moment):
            return _of_rule(row, error, book, (hint, until), stated)
    if error.status in _REFUSALS or error.status == 413 or _speaks_of_limits(error):
        judged = _of_limits(error, book, pool, (hint, until), stated)
        if judged is not None:
            return judged
    for row in SHARED:
        if row.fits(error) and (error.status in _REFUSALS or error.status == 200 or row.codes):
            return _of_rule(row, error, book, (hint, until), stated)
    return _of_status(error, pool, hint, until)


def _fits(row: Rule, error: ErrorFacts) -> bool:
    """Whether a rule applies: words alone do not turn an invalid request (400) into an overload."""
    refused = error.status in _REFUSALS or error.status == 200
    return row.fits(error) and (refused or row.kind not in _PASSING or bool(row.codes or row.statuses))


def _speaks_of_limits(error: ErrorFacts) -> bool:
    return not error.codes.isdisjoint({"rate_limit_exceeded", "rate_limit_error", "too_many_requests"})


def _of_rule(
    row: Rule,
    error: ErrorFacts,
    book: RuleBook,
    times: tuple[float | None, float | None],
    stated: Sequence[Stated],
) -> Refusal:
    hint, until = times
    limits = _row_limits(row, error, book, stated) if row.limits else tuple(each.limit for each in stated)
    hint = row.wait if hint is None and until is None else hint
    return Refusal(
        row.kind,
        pool=row.pool or (None if row.kind is RefusalKind.OVERLOAD else book.pool),
        retry_after=None if row.kind in _FOR_GOOD else hint,
        until=until,
        limits=() if row.kind is RefusalKind.OVERLOAD else limits,
        advice=book.say(row.advice),
        quote=_quote(error),
    )


def _row_limits(
    row: Rule, error: ErrorFacts, book: RuleBook, stated: Sequence[Stated]
) -> tuple[StatedLimit, ...]:
    """The limits of a rule, with amounts from headers or prose."""
    announced = parse_count(error.headers.get("x-ratelimit-limit", ""))
    limits = []
    for kind, seconds in row.limits:
        named = (each.limit.amount for each in stated if (each.limit.kind, each.seconds) == (kind, seconds))
        amount = announced if announced is not None and announced > 0 else next(named, None)
        limits.append(StatedLimit(kind, _window(seconds, book.conventions), amount))
    return tuple(limits)


def _quote(error: ErrorFacts) -> str:
    return harmless(quoted(error.message))


def _window(seconds: float, conventions: Conventions) -> Window:
    return window_of(seconds, conventions) if seconds else HELD


def _of_limits(
    error: ErrorFacts,
    book: RuleBook,
    pool: str | None,
    times: tuple[float | None, float | None],
    stated: Sequence[Stated],
) -> Refusal | None:
    """A refusal that states limits in prose; None if it states none."""
    hint, until = times
    limits = tuple(each.limit for each in stated)
    quote = _quote(error)
    if any(each.limit.amount == 0 for each in stated):
        return Refusal(
            RefusalKind.PERMANENT, pool=pool, limits=limits, advice=book.say(_NO_ACCESS), quote=quote
        )
    too_large = next((each for each in stated if each.never_fits), None)
    if too_large is not None:
        return Refusal(
            RefusalKind.CALL, pool=pool, limits=limits, advice=_larger(too_large, book), quote=quote
        )
    if "request too large" in error.text and ("per m" in error.text or "per d" in error.text):
        return Refusal(
            RefusalKind.CALL, pool=pool, limits=limits, advice=book.say(_TOO_LARGE_UNSAID), quote=quote
        )
    if not stated:
        return None
    timed = hint is not None or until is not None
    long = any(_is_calendar(each) or (timed and each.seconds >= _LONG) for each in stated)
    kind = RefusalKind.UNTIL if long else RefusalKind.WINDOW
    return Refusal(kind, pool=pool, retry_after=hint, until=until, limits=limits, quote=quote)


def _is_calendar(each: Stated) -> bool:
    return isinstance(each.limit.window, CalendarDay | CalendarMonth)


def _larger(each: Stated, book: RuleBook) -> str:
    return _TOO_LARGE.format(
        asked=int(each.asked or 0),
        kind=str(each.limit.kind).replace("_", " "),
        label=book.label,
        amount=each.limit.amount or 0,
        window=each.limit.window,
    )


def _of_status(
    error: ErrorFacts, pool: str | None, hint: float | None, until: float | None
) -> Refusal | None:
    quote = _quote(error)
    if error.status in _BUSY:
        return Refusal(RefusalKind.OVERLOAD, retry_after=hint, quote=quote)
    if error.status != 429:
        return None
    if until is not None:
        return Refusal(RefusalKind.UNTIL, pool=pool, retry_after=hint, until=until, quote=quote)
    kind = RefusalKind.OVERLOAD if hint is None else RefusalKind.WINDOW
    return Refusal(kind, pool=pool, retry_after=hint, quote=quote)


def _named_pool(error: ErrorFacts, book: RuleBook) -> str | None:
    match = book.names_pools.search(error.message) if book.names_pools else None
    return match[1] if match else book.pool


def _hint(error: ErrorFacts, book: RuleBook, announced: Sequence[Announced], now: float) -> float | None:
    """The longest delay in the answer; ``reset`` headers only count where they mean a retry delay."""
    hints = [retry_after(error.headers, now), prose_wait(error.text)]
    if book.exact_reset:
        hints += [each.resets_in for each in announced if each.remaining is not None and each.remaining <= 0]
    longest = max((hint for hint in hints if hint is not None), default=None)
    return plain_reset(error.headers, now) if longest is None and error.status == 429 else longest


def _until(error: ErrorFacts, now: float) -> float | None:
    """The end of the refusal, from prose or a reset in milliseconds; None if unknown or in the past."""
    moments = (prose_moment(error.text), parse_moment(error.headers.get("x-ratelimit-reset", "")))
    return max((moment for moment in moments if moment is not None and moment > now), default=None)
