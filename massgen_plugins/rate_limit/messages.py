"""What the limiter says to people. No sentence may contain the words that make MassGen retry or compress."""

from __future__ import annotations

from datetime import datetime

from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import NANOSECONDS, Scope
from massgen_plugins.rate_limit.decision import Blocker, Reason

__all__ = [
    "broken_message",
    "closed_message",
    "day_message",
    "describe_span",
    "describe_wait",
    "fault_message",
    "learned_message",
    "patience_message",
    "size_message",
]

_PREFIX = "massgen-plugins"


def describe_span(seconds: float) -> str:
    """A length of time in words that people use: ``42 s``, ``3 min 20 s``, ``7 h 5 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    minutes = whole % 3600 // 60
    return f"{whole // 3600} h {minutes} min" if minutes else f"{whole // 3600} h"


def describe_wait(scope: Scope, blocker: Blocker | None, seconds: float, place: int) -> str:
    """One line for a wait that has begun."""
    why = {
        Reason.LIMIT: f"for its quota ({blocker.limit})" if blocker and blocker.limit else "for its quota",
        Reason.PAUSE: "for its quota, after a pause that the provider asked for",
        Reason.PROBE: "while one call tries whether the quota is free",
        Reason.DAY: "for the next day, since the day's quota is used up",
    }.get(blocker.reason if blocker else Reason.LINE, "for its turn")
    # Below a second no number is said: it would be 0.
    about = f"about {describe_span(seconds)} " if seconds >= 1 else ""
    ahead = f", {place} call{'s' if place > 1 else ''} ahead" if place else ""
    return f"{_PREFIX}: {scope.model}: waiting {about}{why}{ahead}."


def fault_message(scope: Scope, what: str) -> str:
    """The limiter has failed; ``what`` describes the exception without its text."""
    return (
        f"an error of ours in the limiter ({what}): from now on this process keeps the quota of "
        f"{scope.model} by itself, in memory."
    )


def broken_message(scope: Scope) -> str:
    """Not even that is possible."""
    return (
        f"{_PREFIX}: calls to {scope.model} can no longer be counted, so no more are made; start the run "
        "again, and report this to massgen-plugins."
    )


def day_message(scope: Scope, blocker: Blocker, now: float) -> str:
    """A day's limit is used up: which, until when, what to do.

    Args:
        scope: Whose day it is.
        blocker: Carries the limit, if it is known, and the moment of the reset.
        now: Seconds since the epoch.
    """
    resets = blocker.resets / NANOSECONDS
    what = (
        f"the daily limit of {blocker.limit.amount:,} {_noun(blocker)}"
        if blocker.limit
        else "the daily limit"
    )
    local = datetime.fromtimestamp(resets).astimezone()
    return (
        f"{_PREFIX}: {what} for {scope.model} is used up. It resets at {local:%H:%M %Z on %d %B}, "
        f"in {describe_span(resets - now)}. Until then use another model or key, or set wait_for_day: true "
        f"under rate_limit: to wait for it."
    )


def patience_message(scope: Scope, seconds: float, allowed: float) -> str:
    """A wait would take longer than allowed."""
    return (
        f"{_PREFIX}: a call to {scope.model} would have to wait {describe_span(seconds)}, longer than the "
        f"{describe_span(allowed)} that it may. Use fewer agents, a model with a higher quota, or raise "
        f"max_wait under rate_limit:."
    )


def closed_message(scope: Scope, advice: str) -> str:
    """The provider's door is closed: waiting does not help."""
    return f"{_PREFIX}: the provider refuses every call to {scope.model}. {advice}".rstrip()


def learned_message(scope: Scope, refusal: Refusal) -> str:
    """A provider's limit is lower than ours."""
    stated = ", ".join(
        f"{each.amount:,} {each.kind.replace('_', ' ')} per {'day' if each.per_day else 'minute'}"
        for each in refusal.limits
        if each.amount
    )
    return (
        f"{_PREFIX}: the provider allows {scope.model} only {stated}, less than the profile says; "
        f"this is kept for all agents until the profile changes."
    )


def size_message(scope: Scope, tokens: int, limit: int) -> str:
    """One call is larger than the whole limit of a minute."""
    return (
        f"{_PREFIX}: one call to {scope.model} takes about {tokens:,} input tokens, and the whole minute's "
        f"quota is {limit:,}: it can never pass. Send less context, or use a model with a higher quota."
    )


def _noun(blocker: Blocker) -> str:
    return blocker.limit.kind.replace("_", " ") if blocker.limit else "calls"
