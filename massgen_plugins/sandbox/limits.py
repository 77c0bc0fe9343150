"""Configuration of limits: kind, window, charge and settlement."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

__all__ = [
    "STRICT",
    "Amount",
    "Charge",
    "Pool",
    "Quota",
    "QuotaKind",
    "Seconds",
    "Settlement",
    "WindowShape",
    "concurrent",
    "per_model",
    "quotas_from_json",
    "quotas_to_json",
]

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Amount = Annotated[int, Field(ge=0)]


class QuotaKind(StrEnum):
    """What a quota counts. ``TOTAL_TOKENS`` is input and output; ``COST`` is in micro-dollars."""

    REQUESTS = "requests"
    INPUT_TOKENS = "input_tokens"
    OUTPUT_TOKENS = "output_tokens"
    TOTAL_TOKENS = "total_tokens"
    COST = "cost"
    CONCURRENT = "concurrent"


class WindowShape(StrEnum):
    """The shape of a quota's window.

    ``SLIDING``: the last ``window`` seconds (86,400: a rolling day). ``FIXED``: windows one after another.
    ``BUCKET``: full at first, refilled evenly. ``DAY``: a calendar day in the quota's zone.
    ``HELD``: from arrival until the response has left (places, or money in flight).
    """

    SLIDING = "sliding"
    FIXED = "fixed"
    BUCKET = "bucket"
    DAY = "day"
    HELD = "held"


class Charge(StrEnum):
    """A call's charge at its arrival.

    ``COUNTED``: what the server can count at that time (the request; its input; the price of its input).
    ``ESTIMATED``: a quarter of the characters of its input. ``LARGER``: the larger of its output bound and
    that estimate. ``SUM``: its input and its output bound. ``NOTHING``: nothing yet.
    """

    COUNTED = "counted"
    ESTIMATED = "estimated"
    LARGER = "larger"
    SUM = "sum"
    NOTHING = "nothing"


class Settlement(StrEnum):
    """How the charge is settled during and after the answer.

    ``KEPT``: unchanged. ``RAISED``: only a higher actual usage replaces it.
    ``SETTLED``: the actual usage replaces it, in the window of the arrival.
    ``PRODUCED``: usage beyond it is booked when it is produced.
    """

    KEPT = "kept"
    RAISED = "raised"
    SETTLED = "settled"
    PRODUCED = "produced"


_USUAL = {
    QuotaKind.REQUESTS: (Charge.COUNTED, Settlement.KEPT),
    QuotaKind.INPUT_TOKENS: (Charge.COUNTED, Settlement.KEPT),
    QuotaKind.OUTPUT_TOKENS: (Charge.NOTHING, Settlement.PRODUCED),
    QuotaKind.TOTAL_TOKENS: (Charge.COUNTED, Settlement.PRODUCED),
    QuotaKind.COST: (Charge.COUNTED, Settlement.PRODUCED),
    QuotaKind.CONCURRENT: (Charge.COUNTED, Settlement.KEPT),
}


@dataclass(frozen=True, config=STRICT)
class Quota:
    """One limit of one model, or of one pool, in one project.

    ``limit``: amount per window; 0 means that the model is not available on this tier.
    ``window``: seconds, any length (tests use "minutes" of a few seconds); ``DAY`` and ``HELD`` ignore it.
    ``phase``: seconds after the server's start at which a ``FIXED`` window begins.
    ``spent``: amount used up at the server's start: of the bucket, or the first day or fixed window; in a
    ``SLIDING`` window, it is available again ``phase`` seconds after the start.
    ``zone``: time zone of a ``DAY``.
    ``charge``, ``settlement``: how a call is charged; ``None`` for the default of the kind.
    ``unbounded``: the assumed limit on output, in tokens, of a request without one.
    ``cached_free``: input read from the provider's cache does not count.
    """

    kind: QuotaKind
    limit: Amount
    window: Annotated[float, Field(gt=0, le=2_678_400)] = 60.0
    shape: WindowShape = WindowShape.SLIDING
    phase: Seconds = 0.0
    spent: Amount = 0
    zone: str = "America/Los_Angeles"
    charge: Charge | None = None
    settlement: Settlement | None = None
    unbounded: Amount = 0
    cached_free: bool = False

    def __post_init__(self) -> None:
        if self.kind is QuotaKind.CONCURRENT and self.shape is not WindowShape.HELD:
            raise ValueError("concurrent calls are counted while they last: their shape must be `held`")

    @property
    def charged_as(self) -> Charge:
        """The charging rule, with the default filled in."""
        return self.charge or _USUAL[self.kind][0]

    @property
    def settled_as(self) -> Settlement:
        """The settlement rule, with the default filled in."""
        return self.settlement or _USUAL[self.kind][1]

    @property
    def name(self) -> str:
        """Name for reports: ``requests per 60 s``, ``requests per day``, ``concurrent``."""
        if self.shape is WindowShape.HELD:
            return str(self.kind) if self.kind is QuotaKind.CONCURRENT else f"{self.kind} in flight"
        length = "day" if self.shape is WindowShape.DAY else f"{self.window:g} s"
        return f"{self.kind} per {length}"


@dataclass(frozen=True, config=STRICT)
class Pool:
    """Limits that several models share.

    ``models``: shell patterns (``claude-opus-4*``, ``*:free``, ``*`` for the whole account), matched against
    the model as requested and as resolved. ``provider``: only this host; empty for any.
    """

    name: Annotated[str, Field(min_length=1)]
    models: tuple[str, ...]
    quotas: tuple[Quota, ...]
    provider: str = ""


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

    ``minute``: its length in seconds; ``phase``: start of a fixed one; ``spent_today``: requests used up.
    """
    quotas = []
    if rpm is not None:
        quotas.append(Quota(QuotaKind.REQUESTS, rpm, minute, shape, phase))
    if tpm is not None:
        quotas.append(Quota(QuotaKind.INPUT_TOKENS, tpm, minute, shape, phase))
    if rpd is not None:
        quotas.append(Quota(QuotaKind.REQUESTS, rpd, shape=WindowShape.DAY, spent=spent_today))
    return tuple(quotas)


def concurrent(places: int) -> Quota:
    """A limit of ``places`` concurrent calls."""
    return Quota(QuotaKind.CONCURRENT, places, shape=WindowShape.HELD)
