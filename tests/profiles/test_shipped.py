"""Every model that MassGen names finds what holds for it; every row is reached by a model that exists."""

from __future__ import annotations

import pytest

from massgen_plugins.manager import build_manager
from massgen_plugins.profiles import Profile, load_settings
from massgen_plugins.profiles.names import best_match, covers
from massgen_plugins.profiles.places import find_places
from massgen_plugins.profiles.search import profiles_in
from massgen_plugins.quota import ACCOUNT_POOL, Bucket, CalendarMonth, Held, Kind, Limit, Sliding
from website.generate.reading.host import massgen_module

# MassGen's type of backend to the provider of its calls. Others have no shipped profile.
PROVIDERS = {
    "openai": "openai",
    "claude": "anthropic",
    "gemini": "gemini",
    "grok": "grok",
    "azure_openai": "azure_openai",
    "zai": "zai",
    "cerebras": "cerebras",
    "together": "together",
    "fireworks": "fireworks",
    "groq": "groq",
    "moonshot": "moonshot",
    "openrouter": "openrouter",
    "poe": "poe",
}
# Identifiers as the providers' own pages write them, beyond those that MassGen lists.
REAL = {
    "openai": "gpt-5.5 gpt-5.6-sol gpt-6-sol gpt-5.4-mini gpt-6-luna",
    "azure_openai": "gpt-4.1 gpt-4.1-mini gpt-4.1-nano gpt-4o-mini gpt-5 gpt-5-mini gpt-5-nano gpt-5-codex "
    "gpt-5-pro gpt-5.1 gpt-5.1-codex gpt-5.1-codex-max gpt-5.1-codex-mini gpt-5.2 gpt-5.2-codex o3 "
    "o3-mini o4-mini text-embedding-3-large text-embedding-3-small",
    "anthropic": "claude-opus-5 claude-sonnet-5 claude-fable-5 claude-opus-4-7 claude-opus-4-8 "
    "claude-sonnet-4-6 claude-3-5-haiku-20241022",
    "grok": "grok-4.5 grok-4.6 grok-4.7 grok-4.3 grok-4.20-0309-non-reasoning",
    "groq": "openai/gpt-oss-120b openai/gpt-oss-20b qwen/qwen3-32b llama-3.1-8b-instant groq/compound "
    "groq/compound-mini",
    "cerebras": "gpt-oss-120b zai-glm-4.7 gemma-4-31b",
    "mistral": "mistral-small-2506 mistral-small-2501 mistral-large-2512 codestral-2508 open-mistral-nemo "
    "ministral-3b-2512 ministral-8b-2512 ministral-14b-2512",
    "deepseek": "deepseek-v4-pro deepseek-v4-flash",
    "gemini": "gemini-flash-latest gemini-pro-latest gemini-flash-lite-latest gemini-2.0-flash "
    "gemini-2.5-flash-lite gemini-3.5-flash-lite gemini-3.1-flash-image-preview gemini-3.1-flash-lite-image "
    "gemini-embedding-2 gemini-embedding-001 gemma-4-26b-a4b-it gemma-4-31b-it",
}
SHIPPED = {profile.name: profile for profile in profiles_in(find_places().shipped_dir)}


def real_models(provider: str) -> set[str]:
    known = massgen_module("backend.capabilities").BACKEND_CAPABILITIES
    listed = {model for kind, named in PROVIDERS.items() if named == provider for model in known[kind].models}
    return {*listed, *REAL.get(provider, "").split()} - {"custom"}


def limits(profile: str, model: str, pool: str | None = None) -> set[Limit]:
    provider = SHIPPED[profile].provider
    rules = load_settings({"rate_limit": {"profile": profile}}).rules(provider, pool or model)
    assert rules is not None
    return set(rules.limits)


def test_there_is_a_profile_for_every_provider_that_publishes_limits() -> None:
    assert {profile.provider for profile in SHIPPED.values()} == {*PROVIDERS.values(), "mistral", "deepseek"}
    assert [profile.name for profile in SHIPPED.values() if profile.default] == ["gemini-seed"]


def test_each_belongs_to_a_provider_and_counts_as_it_does() -> None:
    known = {each.name: each.conventions for each in build_manager(pytest.fail).providers()}
    for profile in SHIPPED.values():
        theirs, ours = known[profile.provider], profile.conventions
        assert (ours.tpm_counts, ours.day_zone, ours.bucket) == (
            theirs.tpm_counts,
            theirs.day_zone,
            theirs.bucket,
        ), profile.name


@pytest.mark.parametrize("profile", SHIPPED.values(), ids=lambda profile: profile.name)
def test_every_model_that_massgen_lists_has_an_answer(profile: Profile) -> None:
    settings = load_settings({"rate_limit": {"profile": profile.name}})
    for model in real_models(profile.provider):
        pools = (model, *settings.pools_for(profile.provider, model))
        # None: it learns. An uncovered model would be an error.
        assert all(
            rules is None or rules.profile == profile.name
            for rules in [settings.rules(profile.provider, pool) for pool in pools]
        )


@pytest.mark.parametrize("profile", SHIPPED.values(), ids=lambda profile: profile.name)
def test_every_row_is_reached_by_a_real_model(profile: Profile) -> None:
    models = real_models(profile.provider)
    reached = {best_match(profile.models, model, profile.aliases) for model in models}
    assert set(profile.models) <= reached
    for values in profile.pools.values():
        assert all(any(covers(family, model) for model in models) for family in values.get("models", ()))


@pytest.mark.parametrize("model", ["gemma-4-26b-a4b-it", "gemma-4-31b-it"])
@pytest.mark.parametrize("profile", ["gemini-tier2", "gemini-tier3"])
def test_gemma_gets_the_tokens_that_refusals_named(profile: str, model: str) -> None:
    assert limits(profile, model) == {Limit(Kind.INPUT_TOKENS, 16_000, Sliding(60 * 10**9))}


def test_opus_4_shares_one_pool_and_opus_5_has_its_own() -> None:
    settings = load_settings({"rate_limit": {"profile": "anthropic-build"}})
    minute = Bucket(60 * 10**9)
    shared = {
        Limit(Kind.REQUESTS, 5_000, minute),
        Limit(Kind.INPUT_TOKENS, 5_000_000, minute),
        Limit(Kind.OUTPUT_TOKENS, 1_000_000, minute),
    }
    for model in ("claude-opus-4-5-20251101", "claude-opus-4-6"):
        assert settings.pools_for("anthropic", model) == ("anthropic:opus-4",)
        assert limits("anthropic-build", model) == set()
    assert limits("anthropic-build", "", "anthropic:opus-4") == shared
    assert settings.pools_for("anthropic", "claude-opus-5") == ()
    assert limits("anthropic-build", "claude-opus-5") == shared


def test_an_account_that_all_models_share_is_one_pool() -> None:
    assert limits("moonshot-tier0", "moonshot-v1-8k") == set()
    found = {
        (limit.kind, limit.amount, str(limit.window)) for limit in limits("moonshot-tier0", "", ACCOUNT_POOL)
    }
    assert found == {
        ("concurrent", 1, str(Held())),
        ("requests", 3, "minute"),
        ("total_tokens", 500_000, "minute"),
        ("total_tokens", 1_500_000, "24 hours"),
    }


def test_a_month_and_a_pool_of_the_provider_can_be_written() -> None:
    month = Limit(Kind.TOTAL_TOKENS, 4_000_000, CalendarMonth("UTC"))
    assert month in limits("mistral-free", "", "standard")
    assert {limit.amount for limit in limits("openrouter-free", "", "openrouter:free")} == {20, 50}


def test_a_model_without_a_published_number_learns() -> None:
    settings = load_settings({"rate_limit": {"profile": "openai-tier1"}})
    assert settings.rules("openai", "gpt-5") is None
    assert settings.rules("openai", ACCOUNT_POOL) is None
    assert load_settings(None).rules("openai", "gpt-5") is None
