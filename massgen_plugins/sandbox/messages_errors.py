"""Anthropic's refusals and errors: copies of real bodies, with the numbers of the case filled in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from massgen_plugins.sandbox.config import Fault, FaultRule, QuotaKind
from massgen_plugins.sandbox.dialect import PlainAnswer
from massgen_plugins.sandbox.quotas import NANOSECONDS
from massgen_plugins.sandbox.rulings import Violation, longest_wait, worst

__all__ = ["messages_error", "messages_fault", "messages_refusal"]

_KINDS = {
    QuotaKind.INPUT_TOKENS: "input tokens",
    QuotaKind.OUTPUT_TOKENS: "output tokens",
    QuotaKind.TOTAL_TOKENS: "tokens",
    QuotaKind.REQUESTS: "requests",
}
_CONNECTIONS = (
    "Number of concurrent connections has exceeded your rate limit. Please try again later or contact sales."
)
_ACCOUNT = "This request would exceed your account's rate limit. Please try again later."
_ADVICE = (
    "For details, refer to: https://docs.claude.com/en/api/rate-limits. You can see the response headers for "
    "current usage. Please reduce the prompt length or the maximum tokens requested, or try again later."
)


def messages_refusal(violations: Sequence[Violation], model: str) -> PlainAnswer:
    """The 429 for ``violations`` of ``model``."""
    wait = longest_wait(tuple(violations))
    found = worst(tuple(violations))
    if found.kind is QuotaKind.CONCURRENT:
        return messages_error(429, "rate_limit_error", _CONNECTIONS, wait)
    if found.kind is QuotaKind.COST:
        return messages_error(429, "rate_limit_error", _ACCOUNT, wait)
    limit = f"{found.limit or 0:,} {_KINDS[found.kind]} per {'day' if found.daily else 'minute'}"
    message = (
        f"This request would exceed your organization's rate limit of {limit} "
        f"(org: sandbox, model: {model}). {_ADVICE}"
    )
    return messages_error(429, "rate_limit_error", message, wait)


def messages_fault(rule: FaultRule, model: str) -> PlainAnswer:
    """The error that ``rule`` injects."""
    wait = int(rule.seconds * NANOSECONDS)
    if rule.fault in _FAULTS:
        status, kind, text = _FAULTS[rule.fault]
        hint = wait if rule.fault in _WITH_HINT else None
        return messages_error(status, kind, text.format(until=rule.until), hint)
    if rule.fault is Fault.SPEND_CAP:
        text = f"Your organization has reached its spend limit. You will regain access on {rule.until}."
        details = {"error_code": "enforced_spend_limit_reached"}
        return messages_error(429, "rate_limit_error", text, details=details)
    return messages_refusal((_violation(rule, wait),), model)


def messages_error(
    status: int, kind: str, message: str, wait: int | None = None, details: dict[str, Any] | None = None
) -> PlainAnswer:
    """Anthropic's error envelope; ``wait`` in nanoseconds."""
    error: dict[str, Any] = {"type": kind, "message": message}
    if details:
        error["details"] = details
    body = {"type": "error", "error": error, "request_id": "req_sandbox"}
    return PlainAnswer(status, body, wait=wait)


def _violation(rule: FaultRule, wait: int) -> Violation:
    if rule.fault is Fault.LIMIT_ZERO:
        return Violation(QuotaKind.REQUESTS, False, 0, None)
    kind, daily = _COUNTED.get(rule.fault, (QuotaKind.REQUESTS, False))
    usual = 250_000 if kind is QuotaKind.INPUT_TOKENS else 10
    return Violation(kind, daily, usual if rule.quota_value is None else rule.quota_value, wait)


_CREDIT = (
    "Your credit balance is too low to access the Anthropic API. "
    "Please go to Plans & Billing to upgrade or purchase credits."
)
_CAP = "You have reached your specified API usage limits. You will regain access on {until} at 00:00 UTC."
_FAST = "Your organization's usage has increased too quickly. Please increase it more gradually."
_LONG = "Extra usage is required for long context requests."
_FAULTS = {
    Fault.OVERLOADED: (529, "overloaded_error", "Overloaded"),
    Fault.INTERNAL: (500, "api_error", "Internal server error"),
    Fault.REQUEST_TOO_LARGE: (429, "rate_limit_error", _LONG),
    Fault.INSUFFICIENT_QUOTA: (400, "invalid_request_error", _CREDIT),
    Fault.PREPAY_EMPTY: (400, "invalid_request_error", _CREDIT),
    Fault.SPEND: (400, "invalid_request_error", _CAP),
    Fault.ACCELERATION: (429, "rate_limit_error", _FAST),
    Fault.NO_DETAILS: (429, "rate_limit_error", _ACCOUNT),
    Fault.HELP_ONLY: (429, "rate_limit_error", _ACCOUNT),
    Fault.UPSTREAM: (429, "rate_limit_error", _ACCOUNT),
}
_WITH_HINT = {Fault.ACCELERATION, Fault.NO_DETAILS, Fault.HELP_ONLY, Fault.UPSTREAM}
_COUNTED = {
    Fault.MINUTE_TOKENS: (QuotaKind.INPUT_TOKENS, False),
    Fault.CONCURRENCY: (QuotaKind.CONCURRENT, False),
    Fault.PAID_DAY: (QuotaKind.REQUESTS, True),
    Fault.FREE_DAY: (QuotaKind.REQUESTS, True),
    Fault.ROLLING_DAY: (QuotaKind.REQUESTS, True),
}
"""Kind of a fault's limit, and whether it is per day; requests per minute by default."""
