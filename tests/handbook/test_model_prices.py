"""The page of model prices: every model that MassGen lists, and figures that other functions find, too."""

from __future__ import annotations

import re
import warnings
from decimal import Decimal

import pytest
from genai_prices import Usage, calc_price

from massgen_plugins.budget.genai import PROVIDERS
from website.generate.pages.model_prices import render
from website.generate.reading.backends import read_backends
from website.generate.reading.distribution import massgen_directory
from website.generate.reading.prices import priced_models

pytestmark = pytest.mark.filterwarnings("ignore")  # MassGen's imports warn of other packages' code


@pytest.fixture(scope="module")
def models():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {(each.backend, each.model): each for each in priced_models()}


def test_every_model_that_massgen_lists_has_a_row(models):
    listed = [(each.type, model) for each in read_backends(massgen_directory()) for model in each.models]
    assert list(models) == listed
    assert len(re.findall(r"^\| `", render(), re.MULTILINE)) == len(listed)


@pytest.mark.parametrize(
    ("backend", "provider", "model"),
    [
        ("openai", "openai", "gpt-5.4"),
        ("gemini", "gemini", "gemini-2.5-pro"),
        ("grok", "grok", "grok-4-fast"),
    ],
)
def test_our_figure_is_the_price_lists_own(models, backend, provider, model):
    usage = Usage(input_tokens=20_000, cache_read_tokens=12_000, output_tokens=3_000)
    expected = calc_price(usage, model, provider_id=PROVIDERS[provider]).total_price
    assert models[backend, model].ours == expected


def test_litellms_figure_is_that_of_its_own_function(models):
    from litellm import completion_cost

    usage = {
        "prompt_tokens": 20_000,
        "completion_tokens": 3_000,
        "total_tokens": 23_000,
        "prompt_tokens_details": {"cached_tokens": 12_000},
    }
    answer = {"model": "gpt-4.1", "usage": usage, "choices": [{"message": {"content": ""}}]}
    cost = completion_cost(completion_response=answer, model="gpt-4.1", custom_llm_provider="openai")
    assert float(models["openai", "gpt-4.1"].litellm) == pytest.approx(cost)


def test_an_unknown_price_is_not_zero(models):
    assert models["qwen", "qwen-max"].ours is None
    assert models["qwen", "qwen-max"].massgen == Decimal(0)
    assert re.search(r"`qwen-max` \| unknown \|", render())
