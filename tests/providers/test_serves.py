"""Every agent of an HTTP backend has exactly one provider; a request at a known host is that host's alone."""

from __future__ import annotations

import pytest
from massgen.backend.capabilities import BACKEND_CAPABILITIES

from massgen_plugins.providers.gemini.provider import GeminiProvider
from tests.providers.every import PROVIDERS

ANY = [*PROVIDERS.values(), GeminiProvider()]
IN_PROGRAMS_OF_THEIR_OWN = {
    "claude_code": ["anthropic"],
    "codex": ["openai"],
    "copilot": ["copilot"],
    "gemini_cli": ["gemini"],
    "antigravity_cli": [],
}
NO_BACKEND = {"ag2", "inference", "uitars"}
"""An adapter, and two that MassGen lists but refuses to create."""
HTTP = sorted(set(BACKEND_CAPABILITIES) - set(IN_PROGRAMS_OF_THEIR_OWN) - NO_BACKEND)


def who_serves(backend_type, base_url=None):
    return [provider.name for provider in ANY if provider.serves(backend_type, base_url)]


@pytest.mark.parametrize("backend_type", HTTP)
def test_each_http_backend_of_massgen_has_exactly_one_provider(backend_type):
    assert len(who_serves(backend_type)) == 1


@pytest.mark.parametrize("backend_type", sorted(set(HTTP) - {"claude"}))  # it takes no base URL
@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:8000/v1",
        "https://llm.example.org/v1",
        "https://api.groq.com/openai/v1",
        "https://api.anthropic.com/v1/",
        "https://generativelanguage.googleapis.com/v1beta/openai/",
        "not a url",
        "http://[::1",
        "",
    ],
)
def test_a_base_url_leaves_it_one_provider(backend_type, base_url):
    assert len(who_serves(backend_type, base_url)) == 1


@pytest.mark.parametrize("backend_type", sorted(IN_PROGRAMS_OF_THEIR_OWN))
def test_agents_in_programs_of_their_own_are_their_vendors(backend_type):
    assert who_serves(backend_type) == IN_PROGRAMS_OF_THEIR_OWN[backend_type]


@pytest.mark.parametrize(
    ("backend_type", "base_url", "name"),
    [
        ("openai", None, "openai"),
        ("openai", "http://127.0.0.1:9/v1", "openai"),
        ("chatcompletion", None, "openai"),
        ("chatcompletion", "https://api.openai.com/v1", "openai"),
        ("chatcompletion", "https://api.mistral.ai/v1", "mistral"),
        ("chatcompletion", "https://api.deepseek.com", "deepseek"),
        ("chatcompletion", "https://API.GROQ.com:443/openai/v1", "groq"),
        ("chatcompletion", "https://acme.openai.azure.com/openai/v1", "azure_openai"),
        ("chatcompletion", "https://llm.example.org/v1", "chat"),
        ("chatcompletion", "https://api.groq.com.evil.example/v1", "chat"),
        ("chatcompletion", "http://127.0.0.1:4000/openrouter.ai/api/v1", "openrouter"),
        ("chatcompletion", "https://llm.example.org/openrouter.ai/api/v1", "chat"),
        ("chatcompletion", "https://generativelanguage.googleapis.com/v1beta/openai", "gemini"),
        ("chatcompletion", "http://127.0.0.1:9/v1beta/openai", "gemini"),
        ("grok", None, "grok"),
        ("claude", None, "anthropic"),
        ("chatcompletion", "https://api.anthropic.com/v1", "anthropic"),
        ("gemini", None, "gemini"),
        ("azure_openai", "https://gateway.example.org/azure", "azure_openai"),
        ("groq", "http://127.0.0.1:9/v1", "groq"),
        ("zai", "https://open.bigmodel.cn/api/paas/v4", "zai"),
        ("poe", "https://api.poe.com/v1", "poe"),
        ("vllm", None, "vllm"),
        ("sglang", "http://gpu-7:30000/v1", "sglang"),
        ("lmstudio", None, "lmstudio"),
    ],
)
def test_whose_agent_it_is(backend_type, base_url, name):
    assert who_serves(backend_type, base_url) == [name]


OWN = {
    "https://api.openai.com/v1/responses": "openai",
    "https://api.openai.com/v1/responses/compact": "openai",
    "https://api.openai.com/v1/chat/completions": "openai",
    "https://api.openai.com/v1/embeddings": "openai",
    "https://api.openai.com/v1/images/generations": "openai",
    "https://api.openai.com/v1/audio/transcriptions": "openai",
    "https://api.x.ai/v1/responses": "grok",
    "https://api.anthropic.com/v1/messages": "anthropic",
    "https://api.anthropic.com/v1/messages?beta=true": "anthropic",
    "https://api.anthropic.com/v1/chat/completions": "anthropic",
    "https://acme.openai.azure.com/openai/deployments/d/chat/completions?api-version=1": "azure_openai",
    "https://acme.openai.azure.com/openai/v1/chat/completions": "azure_openai",
    "https://api.fireworks.ai/inference/v1/chat/completions": "fireworks",
    "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions": "qwen",
    "https://openrouter.ai/api/v1/chat/completions": "openrouter",
    "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions": "gemini",
}


@pytest.mark.parametrize(("url", "name"), OWN.items())
def test_a_call_at_a_known_host_is_that_hosts_alone(url, name):
    assert [provider.name for provider in ANY if provider.is_model_call("POST", url)] == [name]


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1/files",
        "https://api.openai.com/v1/vector_stores",
        "https://api.openai.com/v1/batches",
        "https://api.openai.com/v1/responses/resp_x/cancel",
        "https://api.openai.com/v1/responses/input_tokens",
        "https://api.openai.com/v1/files/compact",
        "https://api.openai.com/v1/models",
        "https://api.anthropic.com/v1/messages/count_tokens",
        "https://api.anthropic.com/v1/messages/batches",
        "https://api.anthropic.com/v1/files",
        "https://example.org/",
    ],
)
def test_what_is_no_model_call(url):
    assert [provider.name for provider in ANY if provider.is_model_call("POST", url)] == []


@pytest.mark.parametrize("url", OWN)
def test_only_a_post_is_a_model_call(url):
    assert not any(provider.is_model_call("GET", url) for provider in PROVIDERS.values())


def test_a_provider_takes_calls_at_hosts_that_nobody_owns():
    url = "http://127.0.0.1:9/v1/chat/completions"
    assert all(
        provider.is_model_call("POST", url) for name, provider in PROVIDERS.items() if name != "anthropic"
    )


def test_outside_of_any_turn_they_are_the_unknown_hosts():
    url = "http://127.0.0.1:9/v1/chat/completions"
    assert next(each.name for each in PROVIDERS.values() if each.is_model_call("POST", url)) == "chat"
