"""Every HTTP backend of the real MassGen gets the provider that reads its traffic."""

from __future__ import annotations

import pytest

from massgen_plugins.host.attach import attach
from massgen_plugins.host.programs import IN_PROGRAMS
from massgen_plugins.host.runtime import Runtime

OWN_NAME = (
    "openai",
    "cerebras",
    "together",
    "fireworks",
    "groq",
    "grok",
    "openrouter",
    "moonshot",
    "nebius",
    "nvidia_nim",
    "poe",
    "qwen",
    "zai",
    "gemini",
    "vllm",
    "sglang",
    "azure_openai",
)
PROVIDERS = {**{name: name for name in OWN_NAME}, "claude": "anthropic", "chatcompletion": "openai"}


@pytest.fixture
def providers_of(massgen, said, monkeypatch):
    """Names of the providers of agents with these backends, by the agent's name."""
    found = {}
    monkeypatch.setattr(
        Runtime, "agent_starting", lambda _, agent: found.update({agent.agent_id: agent.provider.name})
    )
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://mine.openai.azure.com")
    for name in (
        "OPENAI",
        "ANTHROPIC",
        "XAI",
        "ZAI",
        "CEREBRAS",
        "TOGETHER",
        "FIREWORKS",
        "GROQ",
        "OPENROUTER",
        "MOONSHOT",
        "NVIDIA",
        "NGC",
        "NEBIUS",
        "POE",
        "QWEN",
        "AZURE_OPENAI",
        "SGLANG",
        "VLLM",
    ):
        monkeypatch.setenv(f"{name}_API_KEY", f"key-of-{name}")
    attach(massgen.cli.backends)

    def make(**backends):
        agents = [
            {"id": name, "backend": {"model": "a-model", "enable_rate_limit": True, **backend}}
            for name, backend in backends.items()
        ]
        massgen.cli.backends.create_agents_from_config({"agents": agents, "rate_limit": {"store": "memory"}})
        return found

    return make


def test_every_type(providers_of, said):
    models = {"gemini": {"model": "gemini-2.5-flash"}}
    assert providers_of(**{name: {"type": name, **models.get(name, {})} for name in PROVIDERS}) == PROVIDERS
    assert not [line for line in said if "without limits" in line.lower()]


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("https://api.mistral.ai/v1", "mistral"),
        ("https://generativelanguage.googleapis.com/v1beta/openai", "gemini"),
        ("https://gateway.example/v1", "chat"),
    ],
)
def test_a_base_url_decides_for_chatcompletion(providers_of, url, provider):
    backend = {"type": "chatcompletion", "base_url": url, "model": "gemini-2.5-flash"}
    assert providers_of(a=backend) == {"a": provider}


def test_a_provider_without_a_profile_runs(providers_of, said):
    assert providers_of(a={"type": "groq"}) == {"a": "groq"}
    assert not [line for line in said if "limit" in line.lower()]


def test_no_type_is_both_read_and_called_unreadable():
    assert not set(PROVIDERS) & IN_PROGRAMS
