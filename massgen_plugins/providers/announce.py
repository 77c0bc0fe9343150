"""Parses limits announced in headers: names are tables, and all known encodings are understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from massgen_plugins.middleware import Announced
from massgen_plugins.providers.base import Conventions
from massgen_plugins.providers.headers import longest_until, now_of, parse_number
from massgen_plugins.providers.windows import DAY_SECONDS, per, window_of

__all__ = ["HeaderSet", "openai_style", "read_announcement"]

_LONGEST_MINUTE = 61.0
"""Maximum reset of a window of a minute, of any shape, in seconds; includes rounding."""

_EXACT = 0.02
"""Maximum relative rounding error in the announced refill time of a daily bucket."""


@dataclass(frozen=True, slots=True)
class HeaderSet:
    """The headers about one limit.

    Attributes:
        kind: What it counts.
        limit: Header with the amount; this and the next two may be empty if there is none.
        remaining: Header with the remaining amount.
        reset: Header with the time until it is available again, or full.
        seconds: The window's length; None: inferred from the refill rate (OpenAI announces requests per
            minute, or per day if that is the tighter limit).
        pool: The pool it belongs to; None for the model's own.
        short: A shorter window, in seconds, which applies unless the reset is longer; 0 for none.
        scale: Amounts are per ``seconds`` divided by this.
        rounding: Amount by which ``remaining`` may be rounded up.
    """

    kind: str
    limit: str
    remaining: str = ""
    reset: str = ""
    seconds: float | None = 60.0
    pool: str | None = None
    short: float = 0.0
    scale: int = 1
    rounding: int = 0


def openai_style(what: str, kind: str, seconds: float | None = 60.0, *, pool: str | None = None) -> HeaderSet:
    """The headers ``x-ratelimit-{limit,remaining,reset}-WHAT``."""
    limit, remaining, reset = (f"x-ratelimit-{part}-{what}" for part in ("limit", "remaining", "reset"))
    return HeaderSet(kind, limit, remaining, reset, seconds=seconds, pool=pool)


def read_announcement(
    headers: Mapping[str, str], sets: Sequence[HeaderSet], conventions: Conventions
) -> Sequence[Announced]:
    """Parse an answer's headers; of several on the same limit (organization, project), the tightest applies.

    Args:
        headers: Values by lower-case name.
        sets: The provider's headers.
        conventions: Defines its days, and whether its limits are buckets.
    """
    found: dict[tuple[object, ...], Announced] = {}
    for each in sets:
        if each.limit not in headers and each.remaining not in headers:
            continue
        announced = _read(headers, each, conventions)
        if announced is None:
            continue
        key = (announced.kind, announced.window, announced.pool)
        found[key] = _tighter(found[key], announced) if key in found else announced
    return tuple(found.values())


def _read(headers: Mapping[str, str], each: HeaderSet, conventions: Conventions) -> Announced | None:
    rate = _least_of(headers.get(each.limit, ""))
    limit = int(rate * each.scale) if rate is not None and rate > 0 else None  # 0 and -1: unknown (Azure)
    left = _least_of(headers.get(each.remaining, ""))
    remaining = None if left is None or left == -1 else int(left * each.scale)
    if limit is None and remaining is None:
        return None
    resets_in = longest_until(headers.get(each.reset, ""), now_of(headers))
    seconds = each.seconds if each.seconds is not None else _span(limit, remaining, resets_in)
    if each.short and (resets_in is None or resets_in <= each.short):
        seconds = each.short
    if limit == 0 and rate is not None:  # less than one per window: use a longer window
        limit, seconds = per(rate, seconds)
    if remaining is not None:
        remaining = min(remaining, max(0, remaining - each.rounding))
    return Announced(
        each.kind,
        window_of(seconds, conventions),
        limit=limit,
        remaining=remaining,
        resets_in=resets_in,
        pool=each.pool,
    )


def _least_of(text: str) -> float | None:
    """A number; of several, which a proxy joined with its own (``500, 60``), the least."""
    number = parse_number(text)
    if number is None and ", " in text:
        return min(
            (each for each in map(parse_number, text.split(", ")[:8]) if each is not None), default=None
        )
    return number


def _span(limit: int | None, remaining: int | None, resets_in: float | None) -> float:
    """Infer a minute or a day: the used share of a bucket refills in that share of the window.

    A server with a sliding or fixed minute announces up to a minute for a single call. That is no day, unless
    the used amount is exactly that share of a day.
    """
    if limit is None or remaining is None or resets_in is None or remaining >= limit:
        return 60.0
    full = resets_in * limit / (limit - remaining)
    of_a_day = resets_in > _LONGEST_MINUTE or abs(full - DAY_SECONDS) <= _EXACT * DAY_SECONDS
    return DAY_SECONDS if of_a_day and full > _LONGEST_MINUTE else 60.0


def _tighter(one: Announced, other: Announced) -> Announced:
    first, second = (one, other) if _least(one.remaining, other.remaining) == one.remaining else (other, one)
    return Announced(
        one.kind,
        one.window,
        limit=_least(one.limit, other.limit),
        remaining=_least(one.remaining, other.remaining),
        resets_in=first.resets_in if first.resets_in is not None else second.resets_in,
        pool=one.pool,
    )


def _least(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)
