"""What one usage of each model that MassGen lists costs, by three sources that are installed here."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from types import SimpleNamespace
from typing import Any

from massgen_plugins.budget.genai import PriceList
from massgen_plugins.budget.rates import Rates, cost_of, parts_of
from massgen_plugins.budget.usage import Tokens
from massgen_plugins.providers.gemini.provider import GeminiProvider
from massgen_plugins.providers.plugin import massgen_provider
from website.generate.reading.backends import Backend, read_backends
from website.generate.reading.distribution import massgen_directory
from website.generate.reading.host import massgen_module

__all__ = ["AT", "CLAUDES", "USAGE", "Priced", "priced_models"]

USAGE = Tokens(20_000, 3_000, cached=12_000, reasoning=1_000)
"""The usage that is priced."""

CLAUDES = Tokens(20_000, 3_000, cached=12_000, cache_write=4_000, reasoning=1_000)
"""The same at Anthropic, where writing to the cache costs, too."""

AT = 1_796_040_000.0
"""The moment at which it is priced, 2026-11-30 12:00 UTC: some prices change by day or hour."""

_PROGRAMS: Mapping[str, str] = {
    "antigravity_cli": "gemini",
    "claude_code": "anthropic",
    "codex": "openai",
    "gemini_cli": "gemini",
}
"""Types whose calls leave another program, and whose models they are."""

_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "azure_openai": ("azure/",),
    "cerebras": ("cerebras/",),
    "deepseek": ("deepseek/",),
    "fireworks": ("fireworks_ai/",),
    "gemini": ("gemini/",),
    "grok": ("xai/",),
    "groq": ("groq/",),
    "mistral": ("mistral/",),
    "moonshot": ("moonshot/",),
    "nebius": ("nebius/",),
    "nvidia_nim": ("nvidia_nim/",),
    "openrouter": ("openrouter/",),
    "qwen": ("dashscope/",),
    "together": ("together_ai/",),
    "zai": ("zai/",),
}
"""How litellm's table names a provider's models; OpenAI's and Anthropic's stand there by themselves."""

_BY_ITSELF = ("openai", "anthropic")
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Priced:
    """One model of one backend type; US dollars, None for what a source does not know.

    Attributes:
        backend: The type.
        model: Its name.
        ours: By genai-prices.
        rates: The unit prices behind ``ours``.
        litellm: By litellm's table.
        table: The unit prices behind ``litellm``.
        massgen: By MassGen's own function; 0 is how it says that it does not know.
        tokens: The usage that was priced.
    """

    backend: str
    model: str
    ours: Decimal | None
    rates: Rates | None
    litellm: Decimal | None
    table: Rates | None
    massgen: Decimal
    tokens: Tokens


@cache
def priced_models() -> tuple[Priced, ...]:
    """All models of the registry, by backend type, in its order."""
    return tuple(
        _priced(backend, model) for backend in read_backends(massgen_directory()) for model in backend.models
    )


def _priced(backend: Backend, model: str) -> Priced:
    provider = _provider(backend)
    tokens = CLAUDES if provider == "anthropic" else USAGE
    ours = _PRICES.rates(provider, model, tokens.input, AT)
    table = _of_litellm(provider, model)
    return Priced(
        backend.type,
        model,
        _cost(tokens, ours),
        ours,
        _cost(tokens, table),
        table,
        _of_massgen(backend, provider, model),
        tokens,
    )


_PRICES = PriceList()


def _cost(tokens: Tokens, rates: Rates | None) -> Decimal | None:
    return None if rates is None else cost_of(parts_of(tokens, rates)) / _MILLION


def _provider(backend: Backend) -> str:
    """Whose models these are; "" if nobody here knows the type."""
    served = (
        each.name
        for each in (GeminiProvider(), *massgen_provider())
        if each.serves(backend.type, backend.base_url or None)
    )
    return _PROGRAMS.get(backend.type) or next(served, "")


def _of_litellm(provider: str, model: str) -> Rates | None:
    """Litellm's own table, read by itself: its functions would guess."""
    prefixes = ("",) if provider in _BY_ITSELF else _PREFIXES.get(provider, ())
    found = next((_table()[f"{each}{model}"] for each in prefixes if f"{each}{model}" in _table()), None)
    if found is None or not found.get("input_cost_per_token"):
        return None
    return Rates(
        _per_million(found, "input_cost_per_token") or Decimal(0),
        _per_million(found, "output_cost_per_token") or Decimal(0),
        cached=_per_million(found, "cache_read_input_token_cost"),
        cache_write=_per_million(found, "cache_creation_input_token_cost"),
    )


def _per_million(found: Mapping[str, Any], key: str) -> Decimal | None:
    return None if found.get(key) is None else Decimal(str(found[key])) * _MILLION


@cache
def _table() -> Mapping[str, Any]:
    # The copy in the package; without this litellm asks the network for a newer one.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    massgen_module("backend.base")  # quietly
    import litellm

    litellm.suppress_debug_info = True
    table: Mapping[str, Any] = litellm.model_cost
    return table


def _of_massgen(backend: Backend, provider: str, model: str) -> Decimal:
    """MassGen's function, which would ask the network for a table, too, and goes on without it."""
    _table()
    calculator = massgen_module("token_manager.token_manager").TokenCostCalculator()
    calculator._fetch_litellm_pricing = lambda: None  # noqa: SLF001 - no network
    cost = calculator.calculate_cost_with_usage_object(model, _usage(provider), _name_of(backend))
    return Decimal(str(round(cost, 6)))


def _name_of(backend: Backend) -> str:
    """How MassGen calls the provider when it looks for a price."""
    own = {"claude": "Claude", "gemini": "Gemini", "grok": "Grok", "openai": "OpenAI"}
    own |= {"azure_openai": "Azure OpenAI", "gemini_cli": "Gemini CLI", "antigravity_cli": "Antigravity CLI"}
    if backend.type in own:
        return own[backend.type]
    if not backend.base_url:
        return backend.type
    chat = massgen_module("backend.chat_completions").ChatCompletionsBackend
    return str(chat.get_provider_name(SimpleNamespace(config={"base_url": backend.base_url})))


def _usage(provider: str) -> dict[str, Any]:
    """The usage, in the words in which MassGen hands it on."""
    if provider == "gemini":
        return dict(_gemini_names())
    if provider == "anthropic":
        return {
            "input_tokens": CLAUDES.input - CLAUDES.cached - CLAUDES.cache_write,
            "cache_read_input_tokens": CLAUDES.cached,
            "cache_creation_input_tokens": CLAUDES.cache_write,
            "output_tokens": CLAUDES.output,
        }
    # xAI leaves thoughts out of its count of the answer's tokens.
    out = USAGE.output - (USAGE.reasoning if provider == "grok" else 0)
    return {
        "prompt_tokens": USAGE.input,
        "completion_tokens": out,
        "total_tokens": USAGE.input + USAGE.output,
        "prompt_tokens_details": {"cached_tokens": USAGE.cached},
        "completion_tokens_details": {"reasoning_tokens": USAGE.reasoning},
    }


def _gemini_names() -> Iterator[tuple[str, int]]:
    yield "prompt_token_count", USAGE.input
    yield "candidates_token_count", USAGE.output - USAGE.reasoning
    yield "thoughts_token_count", USAGE.reasoning
    yield "cached_content_token_count", USAGE.cached
