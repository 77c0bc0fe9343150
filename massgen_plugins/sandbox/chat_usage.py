"""Usage in answers of the chat family: common and host-specific fields."""

from __future__ import annotations

from typing import Any

from massgen_plugins.sandbox.config import Host
from massgen_plugins.sandbox.prices import Price, Usage

__all__ = ["usage_of"]


def usage_of(host: Host, usage: Usage, price: Price | None) -> dict[str, Any]:
    """``usage`` in the format of ``host``; OpenRouter includes the cost in dollars."""
    fields: dict[str, Any] = {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
    }
    if host is Host.DEEPSEEK:
        hit = {"prompt_cache_hit_tokens": usage.cached}
        return {**fields, **hit, "prompt_cache_miss_tokens": usage.input - usage.cached}
    if host is Host.MOONSHOT:
        return {**fields, "cached_tokens": usage.cached}
    if host is Host.MISTRAL:
        return fields
    fields["prompt_tokens_details"] = {"cached_tokens": usage.cached}
    fields["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning}
    if host is Host.GROQ:
        fields |= {"queue_time": 0.01, "prompt_time": 0.01, "completion_time": 0.05, "total_time": 0.06}
    if host is Host.OPENROUTER:
        cost = float(price.of(usage)) / 1_000_000 if price else 0.0
        fields |= {"cost": cost, "is_byok": False, "cost_details": {"upstream_inference_cost": None}}
    return fields
