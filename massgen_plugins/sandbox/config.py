"""What a sandbox is told: quotas, network and faults, as frozen values that round-trip through JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from massgen_plugins.sandbox.quotas import NANOSECONDS, next_midnight

__all__ = [
    "Fault",
    "FaultRule",
    "Network",
    "Place",
    "Quota",
    "QuotaKind",
    "SandboxConfig",
    "Tier",
    "WindowShape",
    "clock_offset_before_midnight",
    "per_model",
    "quotas_from_json",
    "quotas_to_json",
]

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Amount = Annotated[int, Field(ge=0)]


class QuotaKind(StrEnum):
    """What a quota counts. Gemini's tokens per minute are *input* tokens."""

    REQUESTS = "requests"
    INPUT_TOKENS = "input_tokens"


class WindowShape(StrEnum):
    """How a quota is counted over time; ``DAY`` is a calendar day in America/Los_Angeles."""

    SLIDING = "sliding"
    FIXED = "fixed"
    BUCKET = "bucket"
    DAY = "day"


class Tier(StrEnum):
    """The usage tier whose quota names appear in refusals."""

    FREE = "free"
    TIER_1 = "tier_1"
    TIER_2 = "tier_2"
    TIER_3 = "tier_3"


class Fault(StrEnum):
    """What goes wrong on purpose. The first eleven are kinds of 429."""

    MINUTE_TOKENS = "minute_tokens"
    MINUTE_REQUESTS = "minute_requests"
    MINUTE_REQUESTS_WITHOUT_VALUE = "minute_requests_without_value"
    PAID_DAY = "paid_day"
    FREE_DAY = "free_day"
    LIMIT_ZERO = "limit_zero"
    NO_DETAILS = "no_details"
    HELP_ONLY = "help_only"
    PREPAY_EMPTY = "prepay_empty"
    SPEND = "spend"
    VERTEX_SHARED = "vertex_shared"
    INTERNAL = "internal"
    OVERLOADED = "overloaded"
    RESET = "reset"
    STALL = "stall"

    @property
    def is_refusal(self) -> bool:
        """Whether the fault is one of the 429s."""
        return self not in {Fault.INTERNAL, Fault.OVERLOADED, Fault.RESET, Fault.STALL}


class Place(StrEnum):
    """Where a fault strikes: instead of the response's headers, or inside a 200 stream.

    A response that is not streamed has no inside: there every fault strikes at the headers.
    """

    HEADERS = "headers"
    FIRST_EVENT = "first_event"
    MID_STREAM = "mid_stream"


@dataclass(frozen=True, config=_STRICT)
class Quota:
    """One limit of one model in one project.

    ``limit``: amount per window; 0 means that the model is not available on this tier.
    ``window``: seconds, any length (tests use "minutes" of a few seconds); a ``DAY`` ignores it.
    ``phase``: seconds after the server's start at which a ``FIXED`` window begins.
    ``spent``: amount of the first ``DAY`` that is gone already.
    """

    kind: QuotaKind
    limit: Amount
    window: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    shape: WindowShape = WindowShape.SLIDING
    phase: Seconds = 0.0
    spent: Amount = 0


@dataclass(frozen=True, config=_STRICT)
class Network:
    """Delays in seconds; each ``*_random`` adds a uniform share between 0 and itself.

    ``uplink``: between sending and the moment the server counts the request.
    ``latency``: between that moment and the response's headers.
    ``chunk``: before each event of a stream after the first.
    """

    uplink: Seconds = 0.0
    uplink_random: Seconds = 0.0
    latency: Seconds = 0.0
    latency_random: Seconds = 0.0
    chunk: Seconds = 0.0
    chunk_random: Seconds = 0.0


@dataclass(frozen=True, config=_STRICT)
class FaultRule:
    """When a fault strikes. Requests are counted per rule, from 1, among those for ``model``.

    ``model``: the resolved model, or ``*`` for all.
    ``every``: each n-th request (1 = all); ``nth``: these requests; ``probability``: 0 to 1, seeded.
    ``place``: where; ``after_chunks``: events sent before a fault in ``MID_STREAM``.
    ``quota_value``: the limit a 429 names (default: 10 requests or 250000 tokens).
    ``seconds``: the retry hint of a 429, or how long a ``STALL`` holds back the headers.
    """

    fault: Fault
    model: str = "*"
    every: Amount = 0
    nth: tuple[int, ...] = ()
    probability: Annotated[float, Field(ge=0, le=1)] = 0.0
    place: Place = Place.HEADERS
    after_chunks: Annotated[int, Field(ge=1)] = 1
    quota_value: Amount | None = None
    seconds: Seconds = 2.5

    def __post_init__(self) -> None:
        if not (self.every or self.nth or self.probability):
            raise ValueError("a fault needs `every`, `nth` or `probability`, else it never strikes")
        if self.fault is Fault.STALL and self.place is not Place.HEADERS:
            raise ValueError("a stall holds back the headers: its place must be `headers`")


@dataclass(frozen=True, config=_STRICT)
class SandboxConfig:
    """All that a sandbox does.

    ``quotas``: resolved model (``*``: every other model) to its limits; a model without any is unlimited.
    ``projects``: API key to project name; a key that is not named is a project of its own.
    ``aliases``: model id to the model whose quota it shares, beside the built-in stripping of suffixes.
    ``tier``: names the quotas in refusals; ``free`` also gives the misleading hint of free daily quotas.
    ``count_refused``: a refused request (429) spends quota. ``count_failed``: other 4xx and 5xx do.
    ``clock_offset``: seconds added to the machine's clock where the calendar day is decided.
    ``seed``: of every random draw. ``port``: 0 takes a free one.
    ``answer_words``: length of an answer; ``chunks``: events of a streamed answer.
    """

    quotas: Mapping[str, tuple[Quota, ...]] = field(default_factory=dict)
    projects: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    network: Network = Network()
    faults: tuple[FaultRule, ...] = ()
    tier: Tier = Tier.FREE
    count_refused: bool = False
    count_failed: bool = True
    clock_offset: float = 0.0
    seed: int = 0
    port: Annotated[int, Field(ge=0, le=65_535)] = 0
    answer_words: Annotated[int, Field(ge=1, le=100_000)] = 40
    chunks: Annotated[int, Field(ge=1, le=1_000)] = 3

    def to_json(self) -> str:
        """This configuration as JSON text."""
        return _CONFIG.dump_json(self, indent=2).decode()

    @staticmethod
    def from_json(text: str | bytes) -> SandboxConfig:
        """The configuration in ``text``; raises ``ValueError`` that names each wrong key."""
        return _CONFIG.validate_json(text)


_CONFIG = TypeAdapter(SandboxConfig)
_QUOTAS = TypeAdapter(dict[str, tuple[Quota, ...]])


def quotas_from_json(text: str | bytes) -> dict[str, tuple[Quota, ...]]:
    """Limits by model from JSON text, as in ``SandboxConfig.quotas``; raises ``ValueError``."""
    return _QUOTAS.validate_json(text)


def quotas_to_json(quotas: Mapping[str, tuple[Quota, ...]]) -> str:
    """Limits by model as JSON text."""
    return _QUOTAS.dump_json(dict(quotas)).decode()


def per_model(  # noqa: PLR0913 (all by name)
    *,
    rpm: int | None = None,
    tpm: int | None = None,
    rpd: int | None = None,
    shape: WindowShape = WindowShape.SLIDING,
    minute: float = 60.0,
    phase: float = 0.0,
    spent_today: int = 0,
) -> tuple[Quota, ...]:
    """The usual three limits of a Gemini model: requests and input tokens per minute, requests per day.

    ``minute``: its length in seconds; ``phase``: where a fixed one starts; ``spent_today``: requests gone.
    """
    quotas = []
    if rpm is not None:
        quotas.append(Quota(QuotaKind.REQUESTS, rpm, minute, shape, phase))
    if tpm is not None:
        quotas.append(Quota(QuotaKind.INPUT_TOKENS, tpm, minute, shape, phase))
    if rpd is not None:
        quotas.append(Quota(QuotaKind.REQUESTS, rpd, shape=WindowShape.DAY, spent=spent_today))
    return tuple(quotas)


def clock_offset_before_midnight(seconds: float, *, unix: int) -> float:
    """The ``clock_offset`` that turns ``unix`` (nanoseconds) into so many seconds before Pacific midnight."""
    return (next_midnight(unix) - unix) / NANOSECONDS - seconds
