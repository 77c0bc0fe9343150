"""Injected Gemini errors: every known kind of 429, and two server errors."""

from __future__ import annotations

from typing import Any

from massgen_plugins.sandbox.bodies import api_error, exhausted, help_link, quota_refusal
from massgen_plugins.sandbox.config import Fault, FaultRule, QuotaKind, Tier
from massgen_plugins.sandbox.dialect import PlainAnswer
from massgen_plugins.sandbox.quotas import NANOSECONDS
from massgen_plugins.sandbox.rulings import Violation

__all__ = ["fault_body"]

_REQUESTS, _TOKENS = QuotaKind.REQUESTS, QuotaKind.INPUT_TOKENS
_PREPAY = (
    "Your prepayment credits are depleted. "
    "Please go to AI Studio at https://ai.studio/projects to manage your project and billing."
)
_SPEND = (
    "You exceeded your spend-based rate limit. Your spending rate has exceeded the allowed limit "
    "for your account's billing history and tier."
)
_PLAN = "You exceeded your current quota, please check your plan and billing details."
_SHARED = "Resource exhausted. Please try again later."
_SIMPLE: dict[Fault, dict[str, Any]] = {
    Fault.NO_DETAILS: exhausted("Resource has been exhausted (e.g. check quota)."),
    Fault.HELP_ONLY: exhausted(_PLAN, [help_link()]),
    Fault.PREPAY_EMPTY: exhausted(_PREPAY),
    Fault.INSUFFICIENT_QUOTA: exhausted(_PREPAY),
    Fault.SPEND: exhausted(_SPEND),
    Fault.IN_FLIGHT_BUDGET: exhausted(_SPEND),
    Fault.ACCELERATION: exhausted(_SHARED),
    Fault.UPSTREAM: exhausted(_SHARED),
    Fault.CONCURRENCY: exhausted(_SHARED),
    Fault.FLAT_ERROR: exhausted(_SHARED),
    Fault.OVERLOADED: api_error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    Fault.INTERNAL: api_error(500, "INTERNAL", "An internal error has occurred. Please retry."),
}


def fault_body(rule: FaultRule, model: str) -> PlainAnswer:
    """The error that ``rule`` injects for the resolved ``model``; ``ValueError`` for a reset or a stall."""
    if rule.fault is Fault.VERTEX_SHARED:
        return PlainAnswer(429, _vertex_shared())
    if rule.fault is Fault.TOOL_QUOTA:
        return PlainAnswer(429, _tool_quota(rule, model))
    if rule.fault is Fault.SPEND_CAP:
        message = f"Your project has exceeded its monthly spending cap. It will be reset on {rule.until}."
        return PlainAnswer(429, exhausted(message))
    if rule.fault in _SIMPLE:
        body = _SIMPLE[rule.fault]
        return PlainAnswer(body["error"]["code"], body)
    violations, tier = _violations(rule)
    hint = int(rule.seconds * NANOSECONDS)
    return PlainAnswer(429, quota_refusal(violations, model, tier, hint=hint))


def _violations(rule: FaultRule) -> tuple[list[Violation], Tier]:
    requests = 10 if rule.quota_value is None else rule.quota_value
    tokens = 250_000 if rule.quota_value is None else rule.quota_value
    match rule.fault:
        case Fault.MINUTE_TOKENS | Fault.REQUEST_TOO_LARGE:
            return [Violation(_TOKENS, False, tokens, 0)], Tier.FREE
        case Fault.MINUTE_REQUESTS:
            return [Violation(_REQUESTS, False, requests, 0)], Tier.FREE
        case Fault.MINUTE_REQUESTS_WITHOUT_VALUE:
            return [Violation(_REQUESTS, False, None, 0)], Tier.FREE
        case Fault.PAID_DAY | Fault.ROLLING_DAY:
            return [Violation(_REQUESTS, True, requests, 0)], Tier.TIER_1
        case Fault.FREE_DAY:
            return [Violation(_REQUESTS, True, requests, 0)], Tier.FREE
        case Fault.LIMIT_ZERO:
            kinds = ((_REQUESTS, True), (_REQUESTS, False), (_TOKENS, False))
            return [Violation(kind, daily, 0, None) for kind, daily in kinds], Tier.FREE
    raise ValueError(f"{rule.fault} has no response body")


def _vertex_shared() -> list[dict[str, Any]]:
    body = exhausted(_SHARED)
    body["error"]["errors"] = [{"message": _SHARED, "domain": "global", "reason": "rateLimitExceeded"}]
    return [body]


def _tool_quota(rule: FaultRule, model: str) -> dict[str, Any]:
    """The refusal of grounding with Google Search, which has its own quota."""
    limit = 500 if rule.quota_value is None else rule.quota_value
    metric = "generativelanguage.googleapis.com/search_grounding_requests"
    violation = {
        "quotaMetric": metric,
        "quotaId": "SearchGroundingRequestsPerDayPerProject",
        "quotaDimensions": {"location": "global"},
        "quotaValue": str(limit),
    }
    failure = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}
    message = f"{_PLAN}\n* Quota exceeded for metric: {metric}, limit: {limit}, model: {model}"
    return exhausted(message, [failure, help_link()])
