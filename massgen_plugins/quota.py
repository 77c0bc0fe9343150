"""What a quota is made of, as values: kinds, windows, limits, charges, pools, domains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

__all__ = [
    "ACCOUNT_POOL",
    "DAY",
    "HELD",
    "MINUTE",
    "NANOSECONDS",
    "Amounts",
    "Bucket",
    "CalendarDay",
    "CalendarMonth",
    "Charge",
    "Conventions",
    "Domain",
    "Held",
    "Kind",
    "Limit",
    "Mode",
    "Pool",
    "PoolRules",
    "Sliding",
    "Window",
    "margin_of",
]

NANOSECONDS = 1_000_000_000
"""Nanoseconds in a second: all time inside the limiter is in integer nanoseconds."""

ACCOUNT_POOL = "*account"
"""Name of the pool that every call of a domain books in: limits and refusals of the whole account."""


class Kind(StrEnum):
    """What is counted. A provider may add kinds of its own: any other short lower-case name."""

    REQUESTS = "requests"
    INPUT_TOKENS = "input_tokens"
    OUTPUT_TOKENS = "output_tokens"
    TOTAL_TOKENS = "total_tokens"
    COST = "cost"
    """Money, in millionths of a US dollar."""
    CONCURRENT = "concurrent"
    """Calls that are under way; goes with the window :class:`Held`."""


Amounts: TypeAlias = Mapping[str, int]
"""An amount for each kind; a kind that is absent takes nothing."""


class Mode(StrEnum):
    """What becomes of a charge when the true use is known."""

    SETTLED = "settled"
    """An upper bound; the true use replaces it."""
    KEPT = "kept"
    """The provider does not give it back: only a true use that is higher replaces it."""
    EXPECTED = "expected"
    """A forecast of what is counted while the answer is produced; it ages from the end of the call."""


class Charge(NamedTuple):
    """What a call books of one kind.

    Attributes:
        amount: Not negative.
        mode: What becomes of it when the true use is known.
        least: What the provider itself estimates before it answers, and refuses by: however little earlier
            calls took, no less is booked until the true use is known.
    """

    amount: int
    mode: Mode = Mode.SETTLED
    least: int = 0


_NAMED_SPANS: Mapping[float, str] = {1: "second", 60: "minute", 3600: "hour", 86_400: "24 hours"}


@dataclass(frozen=True, slots=True)
class Sliding:
    """Every span of this length counts, wherever it begins.

    Attributes:
        length: Nanoseconds, at least one millisecond.
    """

    length: int

    def __str__(self) -> str:
        return _span(self.length)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket: its capacity is the limit's amount, and it fills from empty within ``length``.

    Attributes:
        length: Nanoseconds, at least one millisecond.
    """

    length: int

    def __str__(self) -> str:
        return _span(self.length)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day from midnight to midnight in a time zone.

    Attributes:
        zone: IANA name. Gemini's day is that of America/Los_Angeles.
    """

    zone: str

    def __str__(self) -> str:
        return "day"


@dataclass(frozen=True, slots=True)
class CalendarMonth:
    """A month from its first midnight to the next month's in a time zone.

    Attributes:
        zone: IANA name.
    """

    zone: str

    def __str__(self) -> str:
        return "month"


@dataclass(frozen=True, slots=True)
class Held:
    """Counts from a call's admission until the call is over: concurrency."""

    def __str__(self) -> str:
        return "moment"


Window: TypeAlias = Sliding | Bucket | CalendarDay | CalendarMonth | Held

MINUTE = Sliding(60 * NANOSECONDS)
DAY = Sliding(86_400 * NANOSECONDS)
HELD = Held()


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount of one kind per window.

    Attributes:
        kind: What is counted.
        amount: The most that fits into one window; not negative. Zero means: never.
        window: Over which time.
    """

    kind: str
    amount: int
    window: Window

    @property
    def key(self) -> str:
        """Names the kind and the window, whatever the amount: ``requests/60s``."""
        return f"{self.kind}/{_window_key(self.window)}"

    def __str__(self) -> str:
        if isinstance(self.window, Held):
            return f"{self.amount:,} at a time"
        if self.kind == Kind.COST:
            return f"{self.amount / 1e6:,.2f} US dollars per {self.window}"
        return f"{self.amount:,} {self.kind.replace('_', ' ')} per {self.window}"


class Domain(NamedTuple):
    """What is stored and decided as one. A tuple, since domains are looked up on every call.

    Attributes:
        provider: Which provider's rules hold, such as ``gemini``.
        account: The account that the user names, or a fingerprint of the API key; never the key.
        endpoint: Host of the base URL when it is not the provider's own, else empty.
    """

    provider: str
    account: str
    endpoint: str = ""

    def __str__(self) -> str:
        place = f"@{self.endpoint}" if self.endpoint else ""
        return f"{self.provider}{place}/{self.account}"


class Pool(NamedTuple):
    """Limits that are booked together, within a domain.

    Attributes:
        domain: Where.
        name: The resolved model, the name of a pool that several models share, or ``ACCOUNT_POOL``.
    """

    domain: Domain
    name: str

    def __str__(self) -> str:
        return f"{self.domain}/{self.name}"


@dataclass(frozen=True, slots=True)
class PoolRules:
    """What holds in a pool.

    Attributes:
        limits: All of them hold at once.
        cooldown: Nanoseconds after the first call of a run's agents; see ``cooldown_mode``.
        cooldown_mode: ``probe``: the first call in the pool leaves alone until its headers or the
            cooldown have passed. ``space``: the first calls of a run's agents keep the cooldown
            between each other. ``off``: none.
        max_wait: Nanoseconds; a call that would wait longer is refused at once.
        wait_for_day: Whether a call waits for the next day, however far it is, when a day is spent.
        zone: IANA time zone in which the provider's day begins.
        profile: Name of the profile that these rules came from, for people to read.
        paused: While it is set nothing leaves and no turn ends: ``max_wait`` stands still.
    """

    limits: tuple[Limit, ...]
    cooldown: int = 0
    cooldown_mode: str = "probe"
    max_wait: int = 900 * NANOSECONDS
    wait_for_day: bool = False
    zone: str = "UTC"
    profile: str = ""
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Conventions:
    """How a provider counts, where its profiles do not say otherwise.

    Attributes:
        tpm_counts: The kind that ``tpm`` and ``tpd`` mean.
        day_zone: IANA zone in which its day begins, or ``rolling`` for any 24 hours.
        bucket: Whether its limits refill continuously, as documented: token buckets; else sliding windows.
        key_prefixes: How its API keys begin, so that a key in a wrong place is not shown.
    """

    tpm_counts: Kind = Kind.TOTAL_TOKENS
    day_zone: str = "rolling"
    bucket: bool = False
    key_prefixes: tuple[str, ...] = ()


def margin_of(window: Sliding | Bucket) -> int:
    """The longest time, in nanoseconds, that a call is assumed to take from us to the server's count.

    Two seconds for windows of a minute and longer (it costs at most 3.2 % of a minute); for shorter
    ones a thirtieth of the window, but at least 150 ms, since a round trip does not shrink with a window.
    """
    return min(2 * NANOSECONDS, max(window.length // 30, 150_000_000))


def _span(length: int) -> str:
    seconds = length / NANOSECONDS
    return _NAMED_SPANS.get(seconds, f"{seconds:g} seconds")


def _window_key(window: Window) -> str:
    match window:
        case Sliding(length):
            return f"{length / NANOSECONDS:g}s"
        case Bucket(length):
            return f"bucket:{length / NANOSECONDS:g}s"
        case CalendarDay(zone):
            return zone
        case CalendarMonth(zone):
            return f"month:{zone}"
        case Held():
            return "held"
