"""The limiter's messages to users. None may contain words that make MassGen retry or compress."""

from __future__ import annotations

from datetime import datetime

from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import ACCOUNT_POOL, NANOSECONDS, CalendarMonth, Pool
from massgen_plugins.rate_limit.verdict import Blocker, Reason

__all__ = [
    "call_message",
    "closed_message",
    "describe_span",
    "describe_wait",
    "fallback_message",
    "learned_message",
    "patience_message",
    "size_message",
    "until_message",
]

_PREFIX = "massgen-plugins"


def describe_span(seconds: float) -> str:
    """Format a duration: ``42 s``, ``3 min 20 s``, ``7 h 5 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    minutes = whole % 3600 // 60
    return f"{whole // 3600} h {minutes} min" if minutes else f"{whole // 3600} h"


def describe_wait(pool: Pool, blocker: Blocker, seconds: float, place: int) -> str:
    """One line about a wait."""
    if blocker.reason is Reason.PAUSED:
        return (
            f"{_PREFIX}: {_name(pool)}: paused; no call is sent until `massgen-rl resume`, and no turn ends."
        )
    why = {
        Reason.LIMIT: f"for its quota ({blocker.limit})" if blocker.limit else "for its quota",
        Reason.PAUSE: "for its quota, after a pause that the provider asked for",
        Reason.PROBE: "while one call tests whether the quota is free",
        Reason.STARTUP: "while earlier calls test what the quota allows",
        Reason.UNTIL: "for the next day, since the day's quota is used up",
    }.get(blocker.reason, "for its turn")
    ahead = f", {place} call{'s' if place > 1 else ''} ahead" if place else ""
    waiting = f"waiting about {describe_span(seconds)}" if seconds >= 1 else "waiting"
    return f"{_PREFIX}: {_name(pool)}: {waiting} {why}{ahead}."


def until_message(pool: Pool, blocker: Blocker, now: float) -> str:
    """A limit is exhausted until a moment: which, until when, what to do.

    Args:
        pool: The pool.
        blocker: Has the limit, if known, and the time of the reset.
        now: Seconds since the epoch.
    """
    resets = blocker.resets / NANOSECONDS
    span = "monthly" if blocker.limit and isinstance(blocker.limit.window, CalendarMonth) else "daily"
    what = f"the {span} limit of {_amount(blocker)}" if blocker.limit else f"the {span} limit"
    local = datetime.fromtimestamp(resets).astimezone()
    return (
        f"{_PREFIX}: {what} for {_name(pool)} is used up. It resets at {local:%H:%M %Z on %d %B}, "
        f"in {describe_span(resets - now)}. Until then use another model or key, or set wait_for_day: true "
        f"under rate_limit: to wait for it.{_quoted(blocker.quote)}"
    )


def patience_message(pool: Pool, seconds: float, allowed: float, quote: str = "") -> str:
    """A wait would be longer than allowed."""
    if round(seconds) <= round(allowed):
        seconds = allowed + 1
    return (
        f"{_PREFIX}: a call to {_name(pool)} would have to wait {describe_span(seconds)}, longer than the "
        f"{describe_span(allowed)} that is allowed. Use fewer agents, a model with a higher quota, or raise "
        f"max_wait under rate_limit:.{_quoted(quote)}"
    )


def closed_message(pool: Pool, advice: str, quote: str = "") -> str:
    """The provider refuses every call, and waiting does not help."""
    return f"{_PREFIX}: the provider refuses every call to {_name(pool)}. {advice}".rstrip() + _quoted(quote)


def call_message(pool: Pool, advice: str, quote: str = "") -> str:
    """The provider refuses this one call, and always will."""
    return f"{_PREFIX}: the provider refuses this call to {_name(pool)}. {advice}".rstrip() + _quoted(quote)


def size_message(pool: Pool, kind: str, amount: int, limit: int) -> str:
    """One call exceeds a window's whole limit."""
    return (
        f"{_PREFIX}: one call to {_name(pool)} takes about {amount:,} {kind.replace('_', ' ')}, and its "
        f"whole quota is {limit:,}: it can never pass. Send less context, or use a model with a "
        "higher quota."
    )


def fallback_message(pool: Pool, fault: str) -> str:
    """The limiter itself failed and continues in memory."""
    return (
        f"{_PREFIX}: an internal error ({fault}) in the limiter of {pool.domain.provider}: from now on its "
        "quota is kept in this process's memory, and not shared. Please report it."
    )


def learned_message(pool: Pool, refusal: Refusal) -> str:
    """A provider stated a limit lower than the profile's."""
    stated = ", ".join(
        f"{each.amount:,} {each.kind.replace('_', ' ')} per {each.window}"
        for each in refusal.limits
        if each.amount
    )
    return (
        f"{_PREFIX}: the provider allows {_name(pool)} only {stated}, less than the profile says; "
        f"this is kept for all agents until the profile changes."
    )


def _amount(blocker: Blocker) -> str:
    assert blocker.limit is not None  # noqa: S101 - checked by the callers
    return str(blocker.limit).partition(" per ")[0]


def _name(pool: Pool) -> str:
    return f"all models of {pool.domain.provider}" if pool.name == ACCOUNT_POOL else pool.name


def _quoted(quote: str) -> str:
    return f' The provider says: "{quote}"' if quote else ""
