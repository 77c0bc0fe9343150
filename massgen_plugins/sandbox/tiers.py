"""What each provider enforces, as quotas: its kinds of limits, its windows and its rules of charging.

Sources: the providers' documents on rate limits, copies of 2026, unless a function says otherwise. Where
nothing is published, the stricter reading is taken. A limit of ``None`` is left out; ``minute`` is the length
of a minute in seconds, for tests that cannot wait for one.
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
"""Output taken for a request that names no bound, where the provider takes its model's maximum."""


def openai(rpm: int | None, tpm: int | None, *, minute: float = 60.0) -> tuple[Quota, ...]:
    """Buckets; tokens are charged as the larger of the output bound and a quarter of the characters.

    Whether a charge is given back is not published: it is kept, and raised by a larger true use.
    """
    return _some(
        (rpm, lambda limit: Quota(_REQUESTS, limit, minute, _BUCKET)),
        (tpm, lambda limit: _tokens(limit, minute, _BUCKET, Charge.LARGER, Settlement.RAISED, 0)),
    )


def azure(rpm: int | None, tpm: int | None, *, part: float = 10.0, minute: float = 60.0) -> tuple[Quota, ...]:
    """Fixed windows; requests are enforced in parts of a minute of ``part`` seconds (1 or 10).

    Tokens are charged as prompt and output bound, and kept until the minute is over.
    """
    return _some(
        (rpm, lambda limit: Quota(_REQUESTS, max(1, int(limit * part / minute)), part, _FIXED)),
        (tpm, lambda limit: _tokens(limit, minute, _FIXED, Charge.SUM, Settlement.KEPT)),
    )


def anthropic(
    rpm: int | None, itpm: int | None, otpm: int | None, *, minute: float = 60.0
) -> tuple[Quota, ...]:
    """Buckets; input without what the cache gave, estimated and then corrected; output as it is produced."""
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
    """Requests per second; all tokens per minute, reasoning and cached ones included."""
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
    """Rolling minutes and days; prompt and output bound are charged and kept (field reports)."""
    return _some(
        (rpm, lambda limit: Quota(_REQUESTS, limit, minute)),
        (rpd, lambda limit: Quota(_REQUESTS, limit, _DAY)),
        (tpm, lambda limit: _tokens(limit, minute, _SLIDING, Charge.SUM, Settlement.KEPT)),
        (tpd, lambda limit: _tokens(limit, _DAY, _SLIDING, Charge.SUM, Settlement.KEPT)),
    )


def cerebras(rpm: int | None, tpm: int | None, *, minute: float = 60.0) -> tuple[Quota, ...]:
    """Buckets; prompt and output bound are reserved, and what was not used is given back."""
    return _some(
        (rpm, lambda limit: Quota(_REQUESTS, limit, minute, _BUCKET)),
        (tpm, lambda limit: _tokens(limit, minute, _BUCKET, Charge.SUM, Settlement.SETTLED)),
    )


def mistral(rps: int | None, tpm: int | None, *, minute: float = 60.0) -> tuple[Quota, ...]:
    """Requests per second, tokens per minute as they are used."""
    return xai(rps, tpm, minute=minute)


def moonshot(places: int, rpm: int, tpm: int, tpd: int, *, minute: float = 60.0) -> tuple[Pool, ...]:
    """One pool for all models of the account; prompt and output bound are charged, whatever is produced."""
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
