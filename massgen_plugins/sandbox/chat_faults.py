"""Injected errors of the chat family: permanent refusals, overload, and host-specific errors."""

from __future__ import annotations

from collections.abc import Callable

from massgen_plugins.sandbox.chat_errors import chat_error, chat_refusal
from massgen_plugins.sandbox.config import Fault, FaultRule, Host, QuotaKind
from massgen_plugins.sandbox.dialect import PlainAnswer
from massgen_plugins.sandbox.gemini_faults import fault_body
from massgen_plugins.sandbox.quotas import NANOSECONDS
from massgen_plugins.sandbox.rulings import Violation

__all__ = ["chat_fault"]

_DAY = 86_400.0
_COUNTED = {
    Fault.MINUTE_TOKENS: (QuotaKind.TOTAL_TOKENS, False),
    Fault.REQUEST_TOO_LARGE: (QuotaKind.TOTAL_TOKENS, False),
    Fault.ROLLING_DAY: (QuotaKind.TOTAL_TOKENS, True),
    Fault.PAID_DAY: (QuotaKind.REQUESTS, True),
    Fault.FREE_DAY: (QuotaKind.REQUESTS, True),
    Fault.CONCURRENCY: (QuotaKind.CONCURRENT, False),
}
"""Kind of a fault's limit, and whether it is per day; requests per minute by default."""


def chat_fault(host: Host, rule: FaultRule, model: str, unix: int) -> PlainAnswer:
    """What ``rule`` injects at ``host`` for the resolved ``model``."""
    if host is Host.GEMINI:
        return fault_body(rule, model)
    own = _OWN.get((host, rule.fault))
    if own is not None:
        return own
    if rule.fault in _COMMON:
        return _COMMON[rule.fault](rule)
    return chat_refusal(host, (_violation(rule),), model, unix)


def _violation(rule: FaultRule) -> Violation:
    kind, daily = _COUNTED.get(rule.fault, (QuotaKind.REQUESTS, False))
    usual = 250_000 if kind is QuotaKind.TOTAL_TOKENS else 10
    limit = usual if rule.quota_value is None else rule.quota_value
    window = _DAY if daily else 60.0
    if rule.fault is Fault.LIMIT_ZERO:
        return Violation(kind, daily, 0, None, 0, 1)
    if rule.fault is Fault.REQUEST_TOO_LARGE:
        return Violation(kind, daily, limit, None, 0, 2 * limit)
    return Violation(kind, daily, limit, int(rule.seconds * NANOSECONDS), limit, 1, window)


def _insufficient(_: FaultRule) -> PlainAnswer:
    message = (
        "You exceeded your current quota, please check your plan and billing details. For more information "
        "on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
    )
    return chat_error(429, message, "insufficient_quota", "insufficient_quota")


def _spend_cap(rule: FaultRule) -> PlainAnswer:
    message = (
        "You have reached the monthly spend limit of your organization. "
        f"You will regain access on {rule.until} at 00:00 UTC."
    )
    return chat_error(429, message, "insufficient_quota", "organization_spend_limit_exceeded")


def _acceleration(rule: FaultRule) -> PlainAnswer:
    message = "Your request rate has increased too quickly. Please slow down."
    answer = chat_error(429, message, "rate_limit_error", "slow_down")
    return PlainAnswer(429, answer.body, wait=int(rule.seconds * NANOSECONDS))


def _upstream(_: FaultRule) -> PlainAnswer:
    raw = "The model is temporarily rate-limited upstream. Please retry shortly."
    metadata = {"raw": raw, "provider_name": "Sandbox"}
    error = {"message": "Provider returned error", "code": 429, "metadata": metadata}
    return PlainAnswer(429, {"error": error})


def _in_flight(rule: FaultRule) -> PlainAnswer:
    metadata = {"reason": "in_flight_budget_exhausted", "limit_source": "openrouter_in_flight_budget"}
    message = "Your requests in flight would exceed your balance."
    body = {"error": {"message": message, "code": 402, "metadata": metadata}}
    return PlainAnswer(402, body, wait=int(rule.seconds * NANOSECONDS))


def _tool(rule: FaultRule) -> PlainAnswer:
    message = f"Rate limit reached for web_search: Limit {rule.quota_value or 10} per minute."
    answer = chat_error(429, message, "tool_requests", "rate_limit_exceeded")
    return PlainAnswer(429, answer.body, wait=int(rule.seconds * NANOSECONDS))


def _flat(_: FaultRule) -> PlainAnswer:
    body = {"type": "error", "code": "rate_limit_exceeded", "message": "Rate limit reached.", "param": None}
    return PlainAnswer(429, body)


def _overloaded(_: FaultRule) -> PlainAnswer:
    kind, code = "service_unavailable_error", "server_is_overloaded"
    return chat_error(503, "The server is overloaded.", kind, code)


def _internal(_: FaultRule) -> PlainAnswer:
    return chat_error(500, "The server had an error.", "server_error", None)


_COMMON: dict[Fault, Callable[[FaultRule], PlainAnswer]] = {
    Fault.INSUFFICIENT_QUOTA: _insufficient,
    Fault.PREPAY_EMPTY: _insufficient,
    Fault.SPEND_CAP: _spend_cap,
    Fault.ACCELERATION: _acceleration,
    Fault.UPSTREAM: _upstream,
    Fault.IN_FLIGHT_BUDGET: _in_flight,
    Fault.TOOL_QUOTA: _tool,
    Fault.FLAT_ERROR: _flat,
    Fault.OVERLOADED: _overloaded,
    Fault.INTERNAL: _internal,
}
_CREDITS = {
    "message": "Insufficient credits.",
    "code": 402,
    "metadata": {"limit_source": "openrouter_credits"},
}
_OWN = {
    (Host.OPENROUTER, Fault.INSUFFICIENT_QUOTA): PlainAnswer(402, {"error": _CREDITS}),
    (Host.DEEPSEEK, Fault.INSUFFICIENT_QUOTA): chat_error(
        402, "Insufficient Balance", "unknown_error", "invalid_request_error"
    ),
    (Host.MOONSHOT, Fault.INSUFFICIENT_QUOTA): PlainAnswer(
        429, {"error": {"message": "Your account is suspended.", "type": "exceeded_current_quota_error"}}
    ),
    (Host.ZAI, Fault.INSUFFICIENT_QUOTA): PlainAnswer(
        429, {"error": {"code": "1113", "message": "Your account is in arrears."}}
    ),
    (Host.QWEN, Fault.INSUFFICIENT_QUOTA): chat_error(
        400, "Access denied: arrears.", "Arrearage", "Arrearage"
    ),
    (Host.XAI, Fault.INSUFFICIENT_QUOTA): PlainAnswer(
        429, {"code": "resource-exhausted", "error": "Free usage quota exceeded for team team-sandbox."}
    ),
    (Host.CEREBRAS, Fault.OVERLOADED): PlainAnswer(
        429,
        {
            "message": "We're experiencing high traffic right now! Please try again soon.",
            "type": "too_many_requests_error",
            "param": "queue",
            "code": "queue_exceeded",
        },
    ),
    (Host.MISTRAL, Fault.OVERLOADED): PlainAnswer(
        429,
        {
            "object": "error",
            "message": "Service tier capacity exceeded for this model.",
            "type": "request_tier_capacity_exceeded",
            "param": None,
            "code": "3505",
            "raw_status_code": 429,
        },
    ),
    (Host.MOONSHOT, Fault.OVERLOADED): PlainAnswer(
        429, {"error": {"message": "The engine is currently overloaded.", "type": "engine_overloaded_error"}}
    ),
    (Host.ZAI, Fault.OVERLOADED): PlainAnswer(
        429, {"error": {"code": "1305", "message": "The service may be temporarily overloaded."}}
    ),
    (Host.FIREWORKS, Fault.OVERLOADED): PlainAnswer(
        429,
        {
            "error": "Too Many Requests",
            "message": "Request didn't generate first token before the given deadline.",
        },
    ),
}
"""Host-specific error bodies, where they differ from the common ones."""
