"""The configuration of a sandbox: quotas, prices, network, faults; frozen, with JSON round-trip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Annotated

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from massgen_plugins.sandbox.fault_rules import Fault, FaultRule, Place
from massgen_plugins.sandbox.hosts import Host
from massgen_plugins.sandbox.limits import (
    STRICT,
    Charge,
    Pool,
    Quota,
    QuotaKind,
    Seconds,
    Settlement,
    WindowShape,
    concurrent,
    per_model,
    quotas_from_json,
    quotas_to_json,
)
from massgen_plugins.sandbox.prices import Price
from massgen_plugins.sandbox.quotas import NANOSECONDS, next_midnight
from massgen_plugins.sandbox.scenes import Scene

__all__ = [
    "Charge",
    "Fault",
    "FaultRule",
    "Host",
    "Network",
    "Place",
    "Pool",
    "Price",
    "Quota",
    "QuotaKind",
    "RetryAfter",
    "SandboxConfig",
    "Scene",
    "Settlement",
    "Tier",
    "WindowShape",
    "clock_offset_before_midnight",
    "concurrent",
    "per_model",
    "quotas_from_json",
    "quotas_to_json",
]


class Tier(StrEnum):
    """The usage tier whose quota names appear in Gemini's refusals."""

    FREE = "free"
    TIER_1 = "tier_1"
    TIER_2 = "tier_2"
    TIER_3 = "tier_3"


class RetryAfter(StrEnum):
    """Format of the retry delay in a refusal's headers; ``USUAL`` is the host's own."""

    USUAL = "usual"
    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    DATE = "date"
    NONE = "none"


@dataclass(frozen=True, config=STRICT)
class Network:
    """Delays in seconds; each ``*_random`` adds a uniform share between 0 and itself.

    ``uplink``: from sending until the server counts the request.
    ``latency``: from then until the response's headers.
    ``chunk``: before each event of a stream after the first.
    """

    uplink: Seconds = 0.0
    uplink_random: Seconds = 0.0
    latency: Seconds = 0.0
    latency_random: Seconds = 0.0
    chunk: Seconds = 0.0
    chunk_random: Seconds = 0.0


@dataclass(frozen=True, config=STRICT)
class SandboxConfig:
    """The configuration of a sandbox.

    ``quotas``: resolved model (``*``: every other model) to its limits; a model without any is unlimited.
    ``pools``: limits shared by several models, or the whole account, in addition to ``quotas``.
    ``prices``: resolved model (``*``: every other model) to its price; an answer without one costs nothing.
    ``projects``: API key to project name; every other key is its own project.
    ``aliases``: model ID to the model whose quota it shares, in addition to the built-in suffix stripping.
    ``host``: the dialect for paths that name no host; ``None``: OpenAI's, or Azure's by its paths.
    ``tier``: selects quota names in refusals; ``free`` also gives the misleading hint of free daily quotas.
    ``count_refused``: a refused request (429) uses quota; ``count_failed``: so do other 4xx and 5xx.
    ``refuse_at``: where in a streamed response a quota's refusal appears.
    ``announce``: whether responses have the host's headers about limits.
    ``retry_after``: format of retry delays.
    ``cached_share``: fraction of the input (0 to 1) that the second and later calls of a project for a model
    read from the provider's cache. ``reasoning_tokens``: hidden output of every answer.
    ``clock_offset``: seconds added to the machine's clock to determine the calendar day.
    ``seed``: random seed. ``port``: 0 for a free one.
    ``answer_words``: length of an answer; ``chunks``: events of a streamed answer.
    ``scenes``: answers to known questions; see :func:`massgen_plugins.sandbox.scenes.shipped_scenes`.
    """

    quotas: Mapping[str, tuple[Quota, ...]] = field(default_factory=dict)
    pools: tuple[Pool, ...] = ()
    prices: Mapping[str, Price] = field(default_factory=dict)
    projects: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    host: Host | None = None
    network: Network = Network()
    faults: tuple[FaultRule, ...] = ()
    tier: Tier = Tier.FREE
    count_refused: bool = False
    count_failed: bool = True
    refuse_at: Place = Place.HEADERS
    announce: bool = True
    retry_after: RetryAfter = RetryAfter.USUAL
    cached_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    reasoning_tokens: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    clock_offset: float = 0.0
    seed: int = 0
    port: Annotated[int, Field(ge=0, le=65_535)] = 0
    answer_words: Annotated[int, Field(ge=1, le=100_000)] = 40
    chunks: Annotated[int, Field(ge=1, le=1_000)] = 3
    scenes: tuple[Scene, ...] = ()

    def to_json(self) -> str:
        """This configuration as JSON text."""
        return _CONFIG.dump_json(self, indent=2).decode()

    @staticmethod
    def from_json(text: str | bytes) -> SandboxConfig:
        """The configuration in ``text``; raises ``ValueError`` that names each wrong key."""
        return _CONFIG.validate_json(text)


_CONFIG = TypeAdapter(SandboxConfig)


def clock_offset_before_midnight(seconds: float, *, unix: int) -> float:
    """The ``clock_offset`` that moves ``unix`` (nanoseconds) to this many seconds before Pacific midnight."""
    return (next_midnight(unix) - unix) / NANOSECONDS - seconds
