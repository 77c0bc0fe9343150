"""Value types of quotas: kinds, windows, limits, charges, pools, domains."""

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
"""Nanoseconds per second. The limiter keeps all time as integer nanoseconds."""

ACCOUNT_POOL = "*account"
"""Name of the pool for account-wide limits and refusals; every call of a domain books in it."""


class Kind(StrEnum):
    """What a limit counts. A provider may add its own kinds: any other short lower-case name."""

    REQUESTS = "requests"
    INPUT_TOKENS = "input_tokens"
    OUTPUT_TOKENS = "output_tokens"
    TOTAL_TOKENS = "total_tokens"
    COST = "cost"
    """Money, in millionths of a US dollar."""
    CONCURRENT = "concurrent"
    """Calls in flight; used with the window :class:`Held`."""


Amounts: TypeAlias = Mapping[str, int]
"""Amounts by kind; a missing kind counts as zero."""


class Mode(StrEnum):
    """How a charge is settled once the actual usage is known."""

    SETTLED = "settled"
    """An upper bound; the actual usage replaces it."""
    KEPT = "kept"
    """Never refunded by the provider: only a higher actual usage replaces it."""
    EXPECTED = "expected"
    """A forecast of what the provider counts while it generates; ages out from the end of the call."""


class Charge(NamedTuple):
    """The amount of one kind that a call books.

    Attributes:
        amount: Not negative.
        mode: How it is settled once the actual usage is known.
        least: Lower bound until then: the provider's own estimate, by which it refuses. Estimates
            learned from earlier calls never go below it.
    """

    amount: int
    mode: Mode = Mode.SETTLED
    least: int = 0


_NAMED_SPANS: Mapping[float, str] = {1: "second", 60: "minute", 3600: "hour", 86_400: "24 hours"}


@dataclass(frozen=True, slots=True)
class Sliding:
    """A sliding window: the limit holds in every interval of this length.

    Attributes:
        length: Nanoseconds, at least one millisecond.
    """

    length: int

    def __str__(self) -> str:
        return _span(self.length)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket: its capacity is the limit's amount, and it refills continuously.

    Attributes:
        length: Nanoseconds in which it refills from empty; at least one millisecond.
    """

    length: int

    def __str__(self) -> str:
        return _span(self.length)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A calendar day, from midnight to midnight in a time zone.

    Attributes:
        zone: IANA name; Gemini uses America/Los_Angeles.
    """

    zone: str

    def __str__(self) -> str:
        return "day"


@dataclass(frozen=True, slots=True)
class CalendarMonth:
    """A calendar month in a time zone.

    Attributes:
        zone: IANA name.
    """

    zone: str

    def __str__(self) -> str:
        return "month"


@dataclass(frozen=True, slots=True)
class Held:
    """Counts each call from its admission until it is over: a concurrency limit."""

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
        amount: Maximum per window; not negative. Zero admits nothing.
        window: The window it applies to.
    """

    kind: str
    amount: int
    window: Window

    @property
    def key(self) -> str:
        """Identifies the limit by kind and window, without its amount: ``requests/60s``."""
        return f"{self.kind}/{_window_key(self.window)}"

    def __str__(self) -> str:
        if isinstance(self.window, Held):
            return f"{self.amount:,} at a time"
        if self.kind == Kind.COST:
            return f"{self.amount / 1e6:,.2f} US dollars per {self.window}"
        return f"{self.amount:,} {self.kind.replace('_', ' ')} per {self.window}"


class Domain(NamedTuple):
    """The unit of storage and of decisions. A tuple, since every call looks domains up.

    Attributes:
        provider: Name of the provider, such as ``gemini``.
        account: The account name from the settings, or a fingerprint of the API key; never the key.
        endpoint: Host of the base URL if it is not the provider's own, else empty.
    """

    provider: str
    account: str
    endpoint: str = ""

    def __str__(self) -> str:
        place = f"@{self.endpoint}" if self.endpoint else ""
        return f"{self.provider}{place}/{self.account}"


class Pool(NamedTuple):
    """A set of limits in a domain that are booked together.

    Attributes:
        domain: The domain it belongs to.
        name: The resolved model, a name shared by several models, or ``ACCOUNT_POOL``.
    """

    domain: Domain
    name: str

    def __str__(self) -> str:
        return f"{self.domain}/{self.name}"


@dataclass(frozen=True, slots=True)
class PoolRules:
    """The limits and settings in force for a pool.

    Attributes:
        limits: All of them apply at once.
        cooldown: Nanoseconds between the first calls of a run; see ``cooldown_mode``.
        cooldown_mode: ``probe``: the pool's first call runs alone until its response headers arrive or
            the cooldown has passed. ``space``: the first calls of a run's agents are spaced by the
            cooldown. ``off``: no cooldown.
        max_wait: Nanoseconds; a call that would wait longer is refused immediately.
        wait_for_day: Once a daily limit is used up, wait for the next day regardless of ``max_wait``.
        zone: IANA time zone of the provider's day.
        profile: Name of the profile that these rules come from, for display.
        paused: Hold all calls without ending any turn; waiting does not count towards ``max_wait``.
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
    """A provider's defaults for counting; profiles override them.

    Attributes:
        tpm_counts: The kind that ``tpm`` and ``tpd`` stand for.
        day_zone: IANA time zone of its day, or ``rolling`` for a sliding window of 24 hours.
        bucket: Whether its documented limits are token buckets instead of sliding windows.
        key_prefixes: Prefixes of its API keys, to redact a key that was put in the wrong place.
    """

    tpm_counts: Kind = Kind.TOTAL_TOKENS
    day_zone: str = "rolling"
    bucket: bool = False
    key_prefixes: tuple[str, ...] = ()


def margin_of(window: Sliding | Bucket) -> int:
    """Upper bound, in nanoseconds, on the delay between sending a call and the server counting it.

    Two seconds for windows of a minute and longer (at most 3.2 % of a minute's throughput); for shorter
    ones a thirtieth of the window, but at least 150 ms, since a round trip does not shrink with the window.
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
