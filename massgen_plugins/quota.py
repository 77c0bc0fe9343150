"""What a quota is made of, as values: kinds, windows, limits, scopes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

__all__ = [
    "DAY",
    "MINUTE",
    "NANOSECONDS",
    "Amounts",
    "CalendarDay",
    "Kind",
    "Limit",
    "Scope",
    "ScopeRules",
    "Sliding",
    "Window",
    "margin_of",
]

NANOSECONDS = 1_000_000_000
"""Nanoseconds in a second: all time inside the limiter is in integer nanoseconds."""


class Kind(StrEnum):
    """What is counted."""

    REQUESTS = "requests"
    INPUT_TOKENS = "input_tokens"
    OUTPUT_TOKENS = "output_tokens"
    TOTAL_TOKENS = "total_tokens"
    COST = "cost"
    """Money, in millionths of a US dollar."""


_NAMED_SPANS: Mapping[float, str] = {1: "second", 60: "minute", 3600: "hour", 86_400: "24 hours"}

Amounts: TypeAlias = Mapping[Kind, int]
"""How much of each kind a call takes; a kind that is absent takes nothing."""


@dataclass(frozen=True, slots=True)
class Sliding:
    """Every span of this length counts, wherever it begins.

    Attributes:
        length: Nanoseconds, at least one millisecond.
    """

    length: int

    def __str__(self) -> str:
        seconds = self.length / NANOSECONDS
        return _NAMED_SPANS.get(seconds, f"{seconds:g} seconds")


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day from midnight to midnight in a time zone.

    Attributes:
        zone: IANA name. Gemini's day is that of America/Los_Angeles.
    """

    zone: str

    def __str__(self) -> str:
        return "day"


Window: TypeAlias = Sliding | CalendarDay

MINUTE = Sliding(60 * NANOSECONDS)
DAY = Sliding(86_400 * NANOSECONDS)


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount of one kind per window.

    Attributes:
        kind: What is counted.
        amount: The most that fits into one window; not negative. Zero means: never.
        window: Over which time.
    """

    kind: Kind
    amount: int
    window: Window

    @property
    def key(self) -> str:
        """Names the kind and the window, whatever the amount: ``requests/60s``."""
        window = self.window
        span = window.zone if isinstance(window, CalendarDay) else f"{window.length / NANOSECONDS:g}s"
        return f"{self.kind}/{span}"

    def __str__(self) -> str:
        return f"{self.amount:,} {self.kind.replace('_', ' ')} per {self.window}"


class Scope(NamedTuple):
    """What shares one quota. A tuple, since scopes are looked up on every call.

    Attributes:
        provider: Which provider's rules hold, such as ``gemini``.
        account: The project that the user names, or a keyed fingerprint of the API key; never the key.
        model: The resolved model, on whose quota the provider books the call.
        endpoint: Host of the base URL when it is not the provider's own, else empty.
    """

    provider: str
    account: str
    model: str
    endpoint: str = ""

    def __str__(self) -> str:
        place = f"@{self.endpoint}" if self.endpoint else ""
        return f"{self.provider}{place}/{self.account}/{self.model}"


@dataclass(frozen=True, slots=True)
class ScopeRules:
    """What holds in a scope.

    Attributes:
        limits: All of them hold at once.
        cooldown: Nanoseconds after the first call of a run's agents; see ``cooldown_mode``.
        cooldown_mode: ``probe``: the first call in the scope leaves alone until its headers or the
            cooldown have passed. ``space``: the first calls of a run's agents keep the cooldown
            between each other. ``off``: none.
        max_wait: Nanoseconds; a call that would wait longer is refused at once.
        wait_for_day: Whether a call waits for the next day, however far it is, when a day is spent.
        zone: IANA time zone in which the provider's day begins.
        profile: Name of the profile that these rules came from, for people to read.
    """

    limits: tuple[Limit, ...]
    cooldown: int = 0
    cooldown_mode: str = "probe"
    max_wait: int = 900 * NANOSECONDS
    wait_for_day: bool = False
    zone: str = "UTC"
    profile: str = ""


def margin_of(window: Sliding) -> int:
    """The longest time, in nanoseconds, that a call is assumed to take from us to the server's count.

    Two seconds for windows of a minute and longer (it costs at most 3.2 % of a minute); for shorter
    ones a thirtieth of the window, but at least 150 ms, since a round trip does not shrink with a window.
    """
    return min(2 * NANOSECONDS, max(window.length // 30, 150_000_000))
