"""What a Gemini "no" means: what helps against it, whom it concerns, until when, and which limit it names.

Google sends no headers about quotas; all is in the error's JSON. Its shapes were collected from real answers
of 2024 to 2026; the tests hold one of each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.providers.base import ModelRequest
from massgen_plugins.providers.gemini.advice import (
    NO_ACCESS,
    NO_CREDIT,
    NO_REASON,
    NO_TOOL,
    SPENDING_CAP,
    TOO_LARGE,
)
from massgen_plugins.providers.gemini.errors import GeminiError, read_error
from massgen_plugins.providers.gemini.hints import Hint, read_hint
from massgen_plugins.providers.gemini.violations import Violation, bucket_name, read_violations
from massgen_plugins.providers.text import quoted
from massgen_plugins.quota import ACCOUNT_POOL, NANOSECONDS, CalendarDay, CalendarMonth, Kind, Sliding

__all__ = ["read_refusal"]

_REFUSALS = frozenset({402, 429, 503, 529})
_SPENDING = Sliding(600 * NANOSECONDS)
"""Google counts what a project spends over any 10 minutes (https://ai.google.dev/gemini-api/docs/rate-limits)."""
_SHORT = 300.0
"""Seconds; a refusal that invites to come later than this is no matter of a minute's window."""

_LIMITED = re.compile(
    r"\b429\b|too many requests|rate.?limit|resource.{0,10}exhausted|exceeded your current quota|throttl",
    re.IGNORECASE,
)
_BUSY = re.compile(r"overloaded|high demand|\b503\b|\bunavailable\b", re.IGNORECASE)
_NO_FREE_TIER = re.compile(r"does(?: not|n't) have a free (?:quota )?tier", re.IGNORECASE)
_DOLLARS = re.compile(r"\$ ?([0-9]{1,7}(?:\.[0-9]{1,2})?)")
_REQUESTED = re.compile(
    r"requested:? (?P<requested>[0-9]{1,15})\b.{0,100}?\blimit:? (?P<after>[0-9]{1,15})"
    r"|\blimit:? (?P<before>[0-9]{1,15})\b.{0,100}?requested:? (?P<wanted>[0-9]{1,15})",
    re.IGNORECASE,
)
_TOO_LARGE = re.compile(
    r"(?:request|prompt|input)(?: size)? (?:is )?(?:too large|larger than)"
    r"|(?:token count|request size).{0,40}exceeds",
    re.IGNORECASE,
)
_POINTERS = re.compile(r"(?:(?:For more information|To monitor)[^\n]{0,80}?head to: \S+\s?)+", re.IGNORECASE)
"""Sentences that only point to a page: a quotation has no room for them."""


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
    code = status if status in _REFUSALS else _code_inside(error)
    if code not in _REFUSALS:
        return None
    error = error or GeminiError()
    hint = read_hint(error, headers)
    refusal = (
        _of_money(code, error, hint)
        or _of_size(error, request)
        or _of_limits(read_violations(error), error, hint, request)
        or _without_limits(code, error, hint, request)
    )
    return replace(refusal, quote=quoted(_POINTERS.sub("\N{HORIZONTAL ELLIPSIS} ", error.message[:2_000])))


def _code_inside(error: GeminiError | None) -> int:
    if error is None or error.code:
        return error.code if error else 0
    return (
        429 if _LIMITED.search(error.message[:2_000]) else 503 if _BUSY.search(error.message[:2_000]) else 0
    )


def _of_money(code: int, error: GeminiError, hint: Hint) -> Refusal | None:
    """Money that is gone, or is being spent too fast; the text is all that tells it from a busy server."""
    message = error.message.lower()
    if "spending cap" in message:
        return Refusal(RefusalKind.PERMANENT, ACCOUNT_POOL, advice=SPENDING_CAP)
    if code == 402 or ("prepa" in message and "depleted" in message):
        return Refusal(RefusalKind.PERMANENT, ACCOUNT_POOL, advice=NO_CREDIT)
    if "spend-based" in message or "spending rate" in message:
        dollars = _DOLLARS.search(error.message)
        amount = round(float(dollars[1]) * 1_000_000) if dollars else None
        limits = (StatedLimit(Kind.COST, _SPENDING, amount),)
        return Refusal(RefusalKind.WINDOW, ACCOUNT_POOL, hint.seconds, hint.until, limits)
    return None


def _of_size(error: GeminiError, request: ModelRequest) -> Refusal | None:
    """This one request is larger than a whole limit, and the answer says so."""
    message = error.message[:2_000]
    match = _REQUESTED.search(message)
    larger = match and int(match["requested"] or match["wanted"]) > int(match["after"] or match["before"])
    if not larger and not _TOO_LARGE.search(message):
        return None
    violations = read_violations(error)
    pool = _pool_of(violations[0], request) if violations else None
    return Refusal(RefusalKind.CALL, pool, limits=_stated(violations), advice=TOO_LARGE)


def _of_limits(
    violations: Sequence[Violation], error: GeminiError, hint: Hint, request: ModelRequest
) -> Refusal | None:
    """A refusal that names limits: never (zero), until a day's end, or within a short window."""
    if _NO_FREE_TIER.search(error.message):  # which speaks of the model asked for, whatever bucket it names
        return Refusal(RefusalKind.PERMANENT, limits=_stated(violations), advice=NO_ACCESS)
    binding, kind = _binding(violations, hint)
    if kind is None:
        return None
    pool = _pool_of(binding[0], request)
    same = [violation for violation in violations if _pool_of(violation, request) == pool]
    limits = _stated(same)
    if kind is RefusalKind.PERMANENT:
        advice = NO_TOOL if binding[0].tool_pool else NO_ACCESS
        return Refusal(kind, pool, limits=limits, advice=advice)
    # On the free tier a spent day comes with a hint of seconds, which is wrong; elsewhere it is right.
    if kind is RefusalKind.UNTIL and any(each.is_free_tier and _is_long(each) for each in binding):
        hint = Hint(None, hint.until)
    return Refusal(kind, pool, hint.seconds, hint.until, limits)


def _binding(violations: Sequence[Violation], hint: Hint) -> tuple[Sequence[Violation], RefusalKind | None]:
    """The violations that decide, and what they mean."""
    zero = [violation for violation in violations if violation.amount == 0]
    if zero:
        return zero, RefusalKind.PERMANENT
    # A limit of zero is left out of the JSON. One window without its limit is how some answers say "used up";
    # nobody uses up a minute and a day at the same moment.
    unstated = all(violation.amount is None for violation in violations)
    if unstated and len({violation.window for violation in violations if violation.window}) > 1:
        return violations, RefusalKind.PERMANENT
    long = [violation for violation in violations if _is_long(violation)]
    if long:
        return long, RefusalKind.UNTIL
    if violations and _is_far(hint):
        return violations, RefusalKind.UNTIL
    if any(violation.window for violation in violations) or (violations and hint.seconds is not None):
        return violations, RefusalKind.WINDOW
    return (), None


def _without_limits(code: int, error: GeminiError, hint: Hint, request: ModelRequest) -> Refusal:
    """A refusal that names no limit: a moment, a hint, or nothing at all."""
    pool = _other_bucket(_bucket_in(error), request)
    if _is_far(hint):
        return Refusal(RefusalKind.UNTIL, pool, hint.seconds, hint.until)
    if code == 429 and hint.seconds is not None and "quota" in error.message.lower():
        return Refusal(RefusalKind.WINDOW, pool, hint.seconds, hint.until)
    if code == 429 and hint == Hint(None, None):
        return Refusal(RefusalKind.OVERLOAD, pool or _suspected_tool(request), advice=NO_REASON)
    return Refusal(RefusalKind.OVERLOAD, pool, hint.seconds, hint.until)


def _suspected_tool(request: ModelRequest) -> str | None:
    """The tool that is refused when nothing is said.

    Answers without details were met when a tool's quota was zero or spent while the model alone went on
    (issue 1427 of googleapis/python-genai, 1431 of rikkahub/rikkahub, 411 of google-gemini/cookbook).
    """
    tools = request.pools[1:]
    return tools[0] if len(tools) == 1 else None


def _pool_of(violation: Violation, request: ModelRequest) -> str | None:
    """Whose limit it is: a tool's, another bucket's than the model's name says, or None: the model's own."""
    if violation.tool_pool:
        return violation.tool_pool
    tools = request.pools[1:]
    if not violation.is_known and not violation.model and len(tools) == 1:
        return tools[0]
    return _other_bucket(violation.model, request)


def _other_bucket(name: str, request: ModelRequest) -> str | None:
    return name if name and name != request.model else None


def _bucket_in(error: GeminiError) -> str:
    names = (detail.get("metadata") for detail in error.details)
    found = (bucket_name(metadata.get("model")) for metadata in names if isinstance(metadata, dict))
    return next((name for name in found if name), "")


def _stated(violations: Sequence[Violation]) -> tuple[StatedLimit, ...]:
    return tuple(dict.fromkeys(stated for stated in (each.stated for each in violations) if stated))


def _is_long(violation: Violation) -> bool:
    return isinstance(violation.window, CalendarDay | CalendarMonth)


def _is_far(hint: Hint) -> bool:
    return hint.until is not None or (hint.seconds is not None and hint.seconds > _SHORT)
