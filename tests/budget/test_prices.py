"""What a call costs: every provider's report, every kind of token, tiers, and whose word counts."""

from __future__ import annotations

import subprocess
import sys
import time
from decimal import Decimal

import pytest
from genai_prices import Usage, calc_price
from hypothesis import given
from hypothesis import strategies as st

from massgen_plugins.budget.genai import PROVIDERS, PriceList
from massgen_plugins.budget.prices import Price, Prices
from massgen_plugins.budget.rates import Rates, cost_of, parts_of
from massgen_plugins.budget.usage import Tokens, tokens_of
from massgen_plugins.providers.anthropic.usage import MessagesUsageReader
from massgen_plugins.providers.gemini.usage import Counts
from massgen_plugins.quota import Domain

OPENAI, ANTHROPIC, GEMINI = (Domain(name, "mine") for name in ("openai", "anthropic", "gemini"))
MODELS = [
    ("openai", "gpt-5.4"),
    ("openai", "gpt-4o"),
    ("openai", "gpt-5-mini"),
    ("anthropic", "claude-opus-4-6"),
    ("anthropic", "claude-sonnet-4-5"),
    ("gemini", "gemini-2.5-pro"),
    ("gemini", "gemini-2.5-flash"),
    ("gemini", "gemini-3-flash-preview"),
    ("grok", "grok-4-fast"),
    ("deepseek", "deepseek-chat"),
    ("moonshot", "moonshot-v1-128k"),
]

TOKENS = st.builds(
    lambda size, cached, written, output: Tokens(
        size, output, cached=int(size * cached), cache_write=int(size * written)
    ),
    st.integers(1, 400_000),
    st.floats(0, 0.5),
    st.floats(0, 0.5),
    st.integers(0, 100_000),
)
PRICES = Prices()


def block(prices, provider="openai", **fields):
    profile = {"prices": prices, **fields}
    return {
        "profile": {provider: "own"},
        "define": [{"provider": provider, "profiles": {"own": profile}}],
    }


# What providers report.


def test_anthropics_input_leaves_out_what_is_cached():
    reader = MessagesUsageReader(reads_count=False)
    reader.feed(
        b'{"usage": {"input_tokens": 10, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 30, '
        b'"cache_creation": {"ephemeral_5m_input_tokens": 15, "ephemeral_1h_input_tokens": 5}, '
        b'"output_tokens": 7, "server_tool_use": {"web_search_requests": 2}}}'
    )
    usage = reader.usage()
    tokens = tokens_of("anthropic", usage.amounts, usage.raw)
    assert tokens == Tokens(60, 7, cached=30, cache_write=20, cache_write_1h=5, searches=2)


def test_geminis_thoughts_are_output_and_its_tools_input():
    counts = Counts()
    counts.take(
        {
            "promptTokenCount": 100,
            "cachedContentTokenCount": 40,
            "toolUsePromptTokenCount": 10,
            "candidatesTokenCount": 20,
            "thoughtsTokenCount": 30,
            "totalTokenCount": 160,
            "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 25}],
        }
    )
    usage = counts.usage()
    tokens = tokens_of("gemini", usage.amounts, usage.raw)
    assert tokens == Tokens(110, 50, cached=40, reasoning=30, audio_input=25)


@pytest.mark.parametrize("name", ["cached_tokens", "prompt_cache_hit_tokens"])
def test_openais_input_includes_what_is_cached(name):
    raw = {"prompt_tokens": 100, "completion_tokens": 5, name: 60}
    tokens = tokens_of("deepseek", {"input_tokens": 40, "output_tokens": 9}, raw)
    assert (tokens.input, tokens.cached, tokens.output) == (100, 60, 9)


def test_a_provider_that_says_nothing_took_what_nobody_knows():
    assert tokens_of("openai", {}, {}) is None


# From a price list.


@pytest.mark.parametrize(("provider", "model"), MODELS)
@given(tokens=TOKENS)
def test_a_cost_is_what_the_price_list_itself_says(provider, model, tokens):
    usage = Usage(
        input_tokens=tokens.input,
        cache_read_tokens=tokens.cached,
        cache_write_tokens=tokens.cache_write,
        output_tokens=tokens.output,
    )
    expected = calc_price(usage, model, provider_id=PROVIDERS[provider])
    ours = PRICES.price(Domain(provider, "mine"), model, tokens)
    assert ours.cost == expected.total_price * 1_000_000
    assert ours.source.startswith("genai-prices ")


def test_a_tier_is_the_price_of_the_whole_request():
    below, above = (PRICES.price(OPENAI, "gpt-5.4", Tokens(size, 0)).cost for size in (272_000, 272_001))
    assert above > below * Decimal("1.9")


def test_sound_has_its_own_price():
    text, sound = (
        PRICES.price(GEMINI, "gemini-2.5-flash", Tokens(1_000, 0, audio_input=audio)).cost
        for audio in (0, 1_000)
    )
    assert sound > 2 * text


def test_a_model_that_nobody_knows_has_no_price():
    assert PRICES.price(OPENAI, "nobody-knows-this", Tokens(10, 10)) is None
    assert PRICES.price(Domain("vllm", "mine"), "gpt-5.4", Tokens(10, 10)) is None
    assert PRICES.upper_bound(OPENAI, "nobody-knows-this", 10, 10) is None


def test_the_name_that_was_sent_is_tried_when_the_resolved_one_is_not_known():
    assert PRICES.price(OPENAI, "resolved-to-something", Tokens(10, 10), requested="gpt-4o") is not None


def test_a_price_says_when_it_was_seen():
    price = PRICES.price(OPENAI, "gpt-5.4", Tokens(10, 10))
    assert time.strptime(price.dated, "%Y-%m-%d") <= time.gmtime()


def test_without_the_package_a_price_is_unknown(monkeypatch):
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    assert PriceList().rates("openai", "gpt-5.4", 10) is None


def test_nothing_is_loaded_before_it_is_asked_for():
    code = "import massgen_plugins.budget.prices, sys; assert 'genai_prices' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# The user's prices, and the provider's word.


def test_the_users_price_goes_before_the_list():
    own = Prices(lambda _: block({"gpt-5.4": {"input": 1, "output": 2}}, date="2026-01-31"))
    price = own.price(OPENAI, "gpt-5.4", Tokens(10, 10, cached=5))
    assert price == Price(
        Decimal(30),
        (("input", 5, Decimal(1)), ("cached input", 5, Decimal(1)), ("output", 10, Decimal(2))),
        "profile own",
        "2026-01-31",
    )


def test_the_users_price_of_a_family_and_of_long_requests():
    prices = {"my-model": {"input": 1, "cached": 0.1, "output": 2, "above": {"tokens": 100, "input": 3}}}
    own = Prices(lambda _: block(prices))
    assert own.price(OPENAI, "my-model-001", Tokens(100, 10)).cost == 120
    assert own.price(OPENAI, "my-model-001", Tokens(101, 10, cached=1)).cost == Decimal("320.1")


def test_a_profile_that_is_not_in_use_states_no_price():
    settings = {**block({"m": {"input": 1, "output": 2}}), "profile": {"openai": "another"}}
    assert Prices(lambda _: settings).price(OPENAI, "m", Tokens(1, 1)) is None


def test_the_providers_word_is_taken_as_it_is():
    assert Price.said(0.1 + 0.2).cost == Decimal("0.3")


# Bounds.


@pytest.mark.parametrize(("provider", "model"), MODELS)
@given(tokens=TOKENS)
def test_no_call_of_text_costs_more_than_its_bound(provider, model, tokens):
    domain = Domain(provider, "mine")
    bound = PRICES.upper_bound(domain, model, tokens.input, tokens.output)
    assert PRICES.price(domain, model, tokens).cost <= bound


def test_parts_of_one_call_add_up_to_what_was_used():
    rates = Rates(Decimal(1), Decimal(2), cached=Decimal(0), audio_input=Decimal(3), reasoning=Decimal(4))
    tokens = Tokens(100, 50, cached=20, cache_write=10, audio_input=30, reasoning=25)
    parts = parts_of(tokens, rates)
    assert sum(count for _, count, _ in parts) == 150
    assert cost_of(parts) == 50 + 90 + 25 * 4 + 25 * 2
