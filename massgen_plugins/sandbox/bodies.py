"""Gemini error bodies: copies of real ones, with the numbers of the case filled in.

Formats and quota names come from public reports of real responses. As there, ``retryDelay`` is truncated to
whole seconds while the prose has the exact duration, and the hint for a used-up free day is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from massgen_plugins.sandbox.config import QuotaKind, Tier
from massgen_plugins.sandbox.encodings import go_duration
from massgen_plugins.sandbox.quotas import NANOSECONDS
from massgen_plugins.sandbox.rulings import Violation

__all__ = ["api_error", "exhausted", "help_link", "quota_id", "quota_refusal"]

_SERVICE = "generativelanguage.googleapis.com"
_LIMITS_PAGE = "https://ai.google.dev/gemini-api/docs/rate-limits"
_PLAN = (
    "You exceeded your current quota, please check your plan and billing details. "
    f"For more information on this error, head to: {_LIMITS_PAGE}."
)
_TIER_SUFFIX = {Tier.FREE: "-FreeTier", Tier.TIER_1: "", Tier.TIER_2: "-PaidTier2", Tier.TIER_3: "-PaidTier3"}
_METRIC_TIER = {
    Tier.FREE: "free_tier",
    Tier.TIER_1: "paid_tier",
    Tier.TIER_2: "paid_tier_2",
    Tier.TIER_3: "paid_tier_3",
}


def quota_id(kind: QuotaKind, *, daily: bool, tier: Tier) -> str:
    """The provider's name for a quota."""
    unit = "Day" if daily else "Minute"
    suffix = _TIER_SUFFIX[tier]
    if kind is QuotaKind.REQUESTS:
        return f"GenerateRequestsPer{unit}PerProjectPerModel{suffix}"
    paid = "" if tier is Tier.FREE else "PaidTier"
    return f"GenerateContent{paid}InputTokensPerModelPer{unit}{suffix}"


def quota_refusal(
    violations: Sequence[Violation], model: str, tier: Tier, *, hint: int | None = None
) -> dict[str, Any]:
    """The 429 for ``violations`` of the resolved ``model``; ``hint`` (nanoseconds) overrides their waits."""
    wait = _hint(violations, tier) if hint is None else hint
    lines = [
        f"* Quota exceeded for metric: {_metric(v, tier)}, limit: {v.limit or 0}, model: {model}"
        for v in violations
        if v.limit is not None
    ]
    message = "\n".join([_PLAN, *lines, f"Please retry in {go_duration(wait)}."])
    failure = {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [_violation(v, model, tier) for v in violations],
    }
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{wait // NANOSECONDS}s"}
    return exhausted(message, [failure, help_link(), retry])


def exhausted(message: str, details: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A 429 with this message, and ``details`` if there are any."""
    return api_error(429, "RESOURCE_EXHAUSTED", message, details)


def api_error(
    code: int, status: str, message: str, details: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Google's error envelope."""
    error: dict[str, Any] = {"code": code, "message": message, "status": status}
    if details:
        error["details"] = details
    return {"error": error}


def help_link() -> dict[str, Any]:
    """The detail that only links to the documentation."""
    links = [{"description": "Learn more about Gemini API quotas", "url": _LIMITS_PAGE}]
    return {"@type": "type.googleapis.com/google.rpc.Help", "links": links}


def _hint(violations: Sequence[Violation], tier: Tier) -> int:
    """The delay that the provider states: one second if impossible, under a minute for a used-up free day."""
    wait = max(NANOSECONDS if v.wait is None else v.wait for v in violations)
    spent_free_day = tier is Tier.FREE and any(v.daily for v in violations)
    return wait % (60 * NANOSECONDS) if spent_free_day else wait


def _violation(violation: Violation, model: str, tier: Tier) -> dict[str, Any]:
    found: dict[str, Any] = {
        "quotaMetric": _metric(violation, tier),
        "quotaId": quota_id(violation.kind, daily=violation.daily, tier=tier),
        "quotaDimensions": {"location": "global", "model": model},
    }
    if violation.limit:
        found["quotaValue"] = str(violation.limit)
    return found


def _metric(violation: Violation, tier: Tier) -> str:
    name = f"generate_content_{_METRIC_TIER[tier]}_input_token_count"
    if violation.kind is QuotaKind.REQUESTS:
        name = f"generate_content_{_METRIC_TIER[tier]}_requests"
        if tier is Tier.TIER_1:
            name = "generate_requests_per_model" + ("_per_day" if violation.daily else "")
    return f"{_SERVICE}/{name}"
