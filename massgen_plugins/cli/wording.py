"""Formats amounts, durations and times for all commands."""

from __future__ import annotations

from datetime import datetime

from massgen_plugins.live.spans import clock, ordinal
from massgen_plugins.quota import CalendarDay, CalendarMonth, Held, Kind, Limit
from massgen_plugins.rate_limit.messages import describe_span

__all__ = [
    "amount",
    "at",
    "clock",
    "counted",
    "ordinal",
    "plural",
    "short_limit",
    "short_number",
    "stated",
]

_DOLLAR = 1_000_000
_SOON = 86_400


def amount(limit: Limit, number: int) -> str:
    """Format an amount of a limit: ``240,000``, ``$1.50``."""
    return f"${number / _DOLLAR:,.2f}" if limit.kind == Kind.COST else f"{number:,}"


def counted(limit: Limit) -> str:
    """Kind and window of a limit: ``requests per minute``."""
    kind = "calls" if limit.kind == Kind.CONCURRENT else limit.kind.replace("_", " ")
    return f"{kind} at a time" if isinstance(limit.window, Held) else f"{kind} per {limit.window}"


def short_limit(limit: Limit) -> str:
    """A limit in one word: ``minute``, ``tokens``, ``day``."""
    if isinstance(limit.window, Held):
        return "at a time"
    if limit.kind == Kind.REQUESTS:
        return str(limit.window)
    kind = {Kind.INPUT_TOKENS: "tokens in", Kind.OUTPUT_TOKENS: "tokens out", Kind.TOTAL_TOKENS: "tokens"}
    words = (
        kind.get(Kind(limit.kind), limit.kind) if limit.kind in set(Kind) else limit.kind.replace("_", " ")
    )
    return f"{words}/{limit.window}" if isinstance(limit.window, CalendarDay | CalendarMonth) else words


def stated(limit: Limit) -> str:
    """A limit in full: ``9 requests per minute``."""
    words = counted(limit)
    one = limit.amount == 1 and limit.kind != Kind.COST
    return f"{amount(limit, limit.amount)} {words.replace('s ', ' ', 1) if one else words}"


def at(now: float, seconds: float, window: object = None) -> str:
    """A local time, with its day if it is not soon, and the remaining time."""
    local = datetime.fromtimestamp(now + seconds).astimezone()
    day = f"{local:%d %B} " if isinstance(window, CalendarMonth) or seconds > _SOON else ""
    return f"{day}{local:%H:%M %Z} (in {describe_span(seconds)})"


def plural(count: int, one: str, many: str = "") -> str:
    """``1 call``, ``2 calls``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def short_number(number: int) -> str:
    """Abbreviate a large number: ``950``, ``1,620``, ``27k``, ``1.2M``, ``3.4G``."""
    if number < 10_000:
        return f"{number:,}"
    if number < 1_000_000:
        return f"{number / 1e3:.0f}k"
    return f"{number / 1e6:.1f}M" if number < 1_000_000_000 else f"{number / 1e9:.1f}G"
