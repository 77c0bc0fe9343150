"""The quotas of each provider: kinds, windows and charging rules.

Sources: the providers' documentation on rate limits, copies of 2026, unless stated otherwise. Where nothing
is published, the stricter interpretation is used. A limit of ``None`` is omitted; ``minute`` is the length of
a minute in seconds, for fast tests.
"""

from __future__ import annotations

from collections.abc import Callable

from massgen_plugins.sandbox.limits import (
    Charge,
    Pool,
    Quota,
    QuotaKind,
    Settlement,
    WindowShape,
    concurrent,
)

__all__ = [
    "anthropic",
    "azure",
    "cerebras",
    "groq",
    "mistral",
    "moonshot",
    "openai",
    "openrouter_free",
    "xai",
]

_BUCKET, _FIXED, _SLIDING = WindowShape.BUCKET, WindowShape.FIXED, WindowShape.SLIDING
_REQUESTS, _TOTAL = QuotaKind.REQUESTS, QuotaKind.TOTAL_TOKENS
_DAY = 86_400.0
_UNBOUNDED = 4096
"""Assumed limit on output if a request has none, where the provider uses its model's maximum."""


def openai(rpm: int | None, tpm: int | None, *, minute: float = 60.0) -> tuple[Quota, ...]:
    """Buckets; tokens are charged as the larger of the output bound and a quarter of the characters.

    Whether charges are refunded is not published: they are kept, and raised by a higher actual usage.
    """
    return _some(
        (rpm, lambda limit: Quota(_REQUESTS, limit, minute, _BUCKET)),
        (tpm, lambda limit: _tokens(limit, minute, _BUCKET, Charge.LARGER, Settlement.RAISED, 0)),
    )


def azure(rpm: int | None, tpm: int | None, *, part: float = 10.0, minute: float = 60.0) -> tuple[Quota, ...]:
    """Fixed windows; requests are enforced in parts of a minute of ``part`` seconds (1 or 10).

    Tokens are charged as prompt plus output bound, and kept until the minute ends.
    """
    return _some(
        (rpm, lambda limit: Quota(_REQUESTS, max(1, int(limit * part / minute)), part, _FIXED)),
        (tpm, lambda limit: _tokens(limit, minute, _FIXED, Charge.SUM, Settlement.KEPT)),
    )


def anthropic(
    rpm: int | None, itpm: int | None, otpm: int | None, *, minute: float = 60.0
) -> tuple[Quota, ...]:
    """Buckets; input without cached tokens, estimated and then corrected; output as it is produced."""
    return _some(
        (rpm, lambda limit: Quota(_REQUESTS, limit, minute, _BUCKET)),
        (
            itpm,
            lambda limit: Quota(
                QuotaKind.INPUT_TOKENS,
                limit,
                minute,
                _BUCKET,
                charge=Charge.ESTIMATED,
                settlement=Settlement.SETTLED,
                cached_free=True,
            ),
        ),
        (otpm, lambda limit: Quota(QuotaKind.OUTPUT_TOKENS, limit, minute, _BUCKET)),
    )


def xai(rps: int | None, tpm: int | None, *, minute: float = 60.0) -> tuple[Quota, ...]:
    """Requests per second; all tokens per minute, including reasoning and cached ones."""
    return _some(
        (rps, lambda limit: Quota(_REQUESTS, limit, 1.0)),
        (tpm, lambda limit: Quota(_TOTAL, limit, minute)),
    )


def groq(
    rpm: int | None,
    rpd: int | None,
    tpm: int | None,
    tpd: int | None,
    *,
    minute: float = 60.0,
) -> tuple[Quota, ...]:
    """Sliding minutes and days; prompt and output bound are charged and kept (field reports)."""
    return _some(
        (rpm, lambda limit: Quota(_REQUESTS, limit, minute)),
        (rpd, lambda limit: Quota(_REQUESTS, limit, _DAY)),
        (tpm, lambda limit: _tokens(limit, minute, _SLIDING, Charge.SUM, Settlement.KEPT)),
        (tpd, lambda limit: _tokens(limit, _DAY, _SLIDING, Charge.SUM, Settlement.KEPT)),
    )


def cerebras(rpm: int | None, tpm: int | None, *, minute: float = 60.0) -> tuple[Quota, ...]:
    """Buckets; prompt and output bound are reserved, and the unused part is refunded."""
    return _some(
        (rpm, lambda limit: Quota(_REQUESTS, limit, minute, _BUCKET)),
        (tpm, lambda limit: _tokens(limit, minute, _BUCKET, Charge.SUM, Settlement.SETTLED)),
    )


def mistral(rps: int | None, tpm: int | None, *, minute: float = 60.0) -> tuple[Quota, ...]:
    """Requests per second; tokens per minute by actual usage."""
    return xai(rps, tpm, minute=minute)


def moonshot(places: int, rpm: int, tpm: int, tpd: int, *, minute: float = 60.0) -> tuple[Pool, ...]:
    """One pool for all models of the account; prompt and output bound are charged, whatever is used."""
    return (
        Pool(
            "account",
            ("*",),
            (
                concurrent(places),
                Quota(_REQUESTS, rpm, minute),
                _tokens(tpm, minute, _SLIDING, Charge.SUM, Settlement.KEPT),
                _tokens(tpd, _DAY, _SLIDING, Charge.SUM, Settlement.KEPT),
            ),
        ),
    )


def openrouter_free(rpm: int = 20, rpd: int = 50, *, minute: float = 60.0) -> tuple[Pool, ...]:
    """One pool for all ``:free`` models of the account, per minute and per day in UTC."""
    day = Quota(_REQUESTS, rpd, shape=WindowShape.DAY, zone="UTC")
    return (Pool("free", ("*:free",), (Quota(_REQUESTS, rpm, minute), day)),)


def _tokens(  # noqa: PLR0913, PLR0917 (private, in the order of a quota's fields)
    limit: int,
    window: float,
    shape: WindowShape,
    charge: Charge,
    settlement: Settlement,
    unbounded: int = _UNBOUNDED,
) -> Quota:
    return Quota(_TOTAL, limit, window, shape, charge=charge, settlement=settlement, unbounded=unbounded)


def _some(*limits: tuple[int | None, Callable[[int], Quota]]) -> tuple[Quota, ...]:
    return tuple(make(limit) for limit, make in limits if limit is not None)
