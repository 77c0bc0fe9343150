"""Refusals of the chat family: copies of each host's real bodies, with the numbers of the case filled in.

Formats come from public reports. xAI's, Cerebras', Fireworks' and Mistral's bodies are flat.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from massgen_plugins.sandbox.bodies import quota_refusal
from massgen_plugins.sandbox.config import Host, QuotaKind, Tier
from massgen_plugins.sandbox.dialect import PlainAnswer
from massgen_plugins.sandbox.encodings import go_duration, whole_seconds
from massgen_plugins.sandbox.quotas import NANOSECONDS
from massgen_plugins.sandbox.rulings import Violation, longest_wait, worst

__all__ = ["chat_error", "chat_refusal", "gemini_words", "unit_of"]

_CONCURRENT = QuotaKind.CONCURRENT
Words = Callable[[Violation, str, int], PlainAnswer]


def chat_refusal(
    host: Host, violations: Sequence[Violation], model: str, unix: int, tier: Tier = Tier.FREE
) -> PlainAnswer:
    """The answer of ``host`` to a call refused for ``violations``, at ``unix`` (nanoseconds)."""
    if host is Host.GEMINI:
        return PlainAnswer(429, [gemini_words(violations, model, tier)])
    words = _WORDS.get(host, _openai)
    answer = words(worst(tuple(violations)), model, unix)
    wait = None if host in _WITHOUT_HINT else longest_wait(tuple(violations))
    return PlainAnswer(answer.status, answer.body, answer.headers, wait)


def chat_error(status: int, message: str, kind: str, code: str | None) -> PlainAnswer:
    """OpenAI's error envelope."""
    error = {"message": message, "type": kind, "param": None, "code": code}
    return PlainAnswer(status, {"error": error})


def gemini_words(violations: Sequence[Violation], model: str, tier: Tier) -> dict[str, Any]:
    """Gemini's refusal; for a limit without a quota name, the one for spending."""
    named = [v for v in violations if v.kind in (QuotaKind.REQUESTS, QuotaKind.INPUT_TOKENS)]
    if named:
        return quota_refusal(named, model, tier)
    message = (
        "You exceeded your spend-based rate limit. Your spending rate has exceeded the allowed limit "
        "for your account's billing history and tier."
    )
    return {"error": {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED"}}


def unit_of(violation: Violation) -> tuple[str, str]:
    """Unit and abbreviation of a limit, such as ``("tokens", "TPM")``; ``("requests", "RPM")`` for places."""
    kind = "requests" if violation.kind in (QuotaKind.REQUESTS, _CONCURRENT) else "tokens"
    return kind, kind[0].upper() + "P" + _period(violation)[0].upper()


def _period(violation: Violation) -> str:
    if violation.daily:
        return "day"
    if violation.window <= 1:
        return "second"
    return "hour" if violation.window >= 3600 else "min"


def _openai(violation: Violation, model: str, _: int) -> PlainAnswer:
    kind, unit = unit_of(violation)
    where = f"for {model} in organization org-sandbox on {kind} per {_period(violation)} ({unit})"
    numbers = f"Limit {violation.limit or 0}"
    if violation.too_large:
        message = (
            f"Request too large {where}: {numbers}, Requested {violation.requested}. "
            "The input or output tokens must be reduced in order to run successfully."
        )
        return chat_error(429, message, kind, "rate_limit_exceeded")
    again = go_duration(_rounded(violation))
    used = f"Used {violation.used}, Requested {violation.requested}"
    message = f"Rate limit reached {where}: {numbers}, {used}. Please try again in {again}."
    return chat_error(429, message, kind, "rate_limit_exceeded")


def _groq(violation: Violation, model: str, unix: int) -> PlainAnswer:
    answer = _openai(violation, model, unix)
    error = dict(answer.body["error"])
    where = f"`{model}` in organization `org_sandbox` service tier `on_demand`"
    error["message"] = error["message"].replace(f"{model} in organization org-sandbox", where)
    return PlainAnswer(413 if violation.too_large else 429, {"error": error})


def _azure(violation: Violation, _: str, __: int) -> PlainAnswer:
    """Two known formats: for requests, which includes the window, and for tokens."""
    wait = whole_seconds(violation.wait or NANOSECONDS)
    if violation.kind is QuotaKind.REQUESTS:
        message = (
            f"Rate limit of {violation.limit} per {violation.window:g}s exceeded for UserByModelByMinute. "
            f"Please wait {wait} seconds before retrying."
        )
        return PlainAnswer(429, {"error": {"code": "RateLimitReached", "message": message}})
    message = (
        "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-02-15-preview "
        "have exceeded token rate limit of your current OpenAI S0 pricing tier. "
        f"Please retry after {wait} seconds. To increase your default rate limit, visit: https://aka.ms/quota."
    )
    return PlainAnswer(429, {"error": {"code": "429", "message": message}})


def _xai(violation: Violation, model: str, _: int) -> PlainAnswer:
    kind, _unit = unit_of(violation)
    per = {"second": "Second", "min": "Minute", "hour": "Hour", "day": "Day"}[_period(violation)]
    actual = f"{violation.used + violation.requested}/{violation.limit}" if violation.limit else "0/0"
    message = (
        f"Too many requests for team team-sandbox and model {model}. Your team's rate limit is "
        f"{kind.title()} per {per} (actual/limit): {actual}."
    )
    return PlainAnswer(429, {"code": "resource-exhausted", "error": message})


def _cerebras(violation: Violation, _: str, __: int) -> PlainAnswer:
    kind, _unit = unit_of(violation)
    period = "minute" if _period(violation) == "min" else _period(violation)
    body = {
        "message": f"{kind.title()} per {period} limit exceeded - too many {kind} sent.",
        "type": f"too_many_{kind}_error",
        "param": "quota",
        "code": f"{kind.removesuffix('s')}_quota_exceeded",
    }
    return PlainAnswer(429, body)


def _fireworks(_: Violation, __: str, ___: int) -> PlainAnswer:
    message = "You have exceeded your usage limits. Please try again later or contact Fireworks support."
    return PlainAnswer(429, {"error": "Too Many Requests", "message": message})


def _mistral(_: Violation, __: str, ___: int) -> PlainAnswer:
    body = {"object": "error", "message": "Rate limit exceeded", "type": "rate_limited", "param": None}
    return PlainAnswer(429, {**body, "code": "1300", "raw_status_code": 429})


def _openrouter(violation: Violation, _: str, unix: int) -> PlainAnswer:
    if violation.kind is QuotaKind.COST:
        metadata = {"reason": "in_flight_budget_exhausted", "limit_source": "openrouter_in_flight_budget"}
        message = "Your requests in flight would exceed your balance."
        return PlainAnswer(402, {"error": {"message": message, "code": 402, "metadata": metadata}})
    per = "day" if violation.daily else "min"
    reset = (unix + (violation.wait or NANOSECONDS)) // 1_000_000
    headers = {
        "X-RateLimit-Limit": str(violation.limit or 0),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(reset),
    }
    error = {"message": f"Rate limit exceeded: free-models-per-{per}. ", "code": 429}
    return PlainAnswer(429, {"error": {**error, "metadata": {"headers": headers}}}, headers)


def _deepseek(violation: Violation, model: str, unix: int) -> PlainAnswer:
    if violation.kind is not _CONCURRENT:
        return _openai(violation, model, unix)
    message = (
        f"Your current concurrency is {violation.used + 1}, which exceeds your concurrency limit of "
        f"{violation.limit} based on your remaining balance."
    )
    return chat_error(429, message, "rate_limit_error", "rate_limit_exceeded")


def _moonshot(violation: Violation, _: str, __: int) -> PlainAnswer:
    limit = f"max {unit_of(violation)[1]}: {violation.limit}"
    if violation.kind is _CONCURRENT:
        limit = f"max concurrency: {violation.limit}"
    message = (
        f"Your account org-sandbox<ak-sandbox> request reached organization {limit}, please try again "
        "after 1 seconds"
    )
    return PlainAnswer(429, {"error": {"message": message, "type": "rate_limit_reached_error"}})


def _qwen(violation: Violation, _: str, __: int) -> PlainAnswer:
    if unit_of(violation)[0] == "requests":
        return chat_error(429, "You exceeded your current requests list.", "limit_requests", "limit_requests")
    message = "Allocated quota exceeded, please increase your quota limit."
    return chat_error(429, message, "insufficient_quota", "insufficient_quota")


def _zai(_: Violation, __: str, ___: int) -> PlainAnswer:
    return PlainAnswer(429, {"error": {"code": "1302", "message": "Rate limit reached for requests"}})


def _nvidia(_: Violation, __: str, ___: int) -> PlainAnswer:
    return PlainAnswer(429, {"status": 429, "title": "Too Many Requests"})


def _together(violation: Violation, model: str, _: int) -> PlainAnswer:
    kind, _unit = unit_of(violation)
    per_minute = (violation.limit or 0) * 60 / violation.window
    rate = f"{per_minute:.1f} {'queries' if kind == 'requests' else 'tokens'} per minute"
    message = (
        f"You have reached the rate limit specific to this model {model}. The maximum rate limit for this "
        f"model is {rate}. This limit differs from the general rate limits published at Together AI."
    )
    return chat_error(429, message, "model_rate_limit", None)


def _vllm(violation: Violation, model: str, unix: int) -> PlainAnswer:
    if violation.kind is not _CONCURRENT:
        return _openai(violation, model, unix)
    message = f"Too many requests at the same time: this server has {violation.limit} places."
    return PlainAnswer(429, {"error": {"message": message, "type": "TooManyRequests", "code": 429}})


def _rounded(violation: Violation) -> int:
    """The delay, rounded up to milliseconds."""
    return -(-(NANOSECONDS if violation.wait is None else violation.wait) // 1_000_000) * 1_000_000


_WORDS: dict[Host, Words] = {
    Host.AZURE: _azure,
    Host.CEREBRAS: _cerebras,
    Host.DEEPSEEK: _deepseek,
    Host.FIREWORKS: _fireworks,
    Host.GROQ: _groq,
    Host.MISTRAL: _mistral,
    Host.MOONSHOT: _moonshot,
    Host.NVIDIA: _nvidia,
    Host.OPENROUTER: _openrouter,
    Host.QWEN: _qwen,
    Host.TOGETHER: _together,
    Host.VLLM: _vllm,
    Host.XAI: _xai,
    Host.ZAI: _zai,
}
_WITHOUT_HINT = {
    Host.CEREBRAS,
    Host.FIREWORKS,
    Host.DEEPSEEK,
    Host.MISTRAL,
    Host.MOONSHOT,
    Host.NVIDIA,
    Host.OPENROUTER,
    Host.QWEN,
    Host.TOGETHER,
    Host.VLLM,
    Host.XAI,
    Host.ZAI,
}
"""Hosts whose refusals have no ``retry-after``."""
