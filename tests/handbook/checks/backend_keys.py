"""The keys that a backend of a type reads, or passes on to its provider's SDK which knows them.

MassGen hands every backend key that it does not know to the provider, so a misspelt one fails only in the
middle of a run, or never. Here each key must be read somewhere in the backend's own source, or be a parameter
of the SDK's call.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import warnings
from pathlib import Path

from . import host
from .key_reading import excluded, keys_read
from .places import PACKAGES

_CLASSES = {
    "openai": "response:ResponseBackend",
    "grok": "grok:GrokBackend",
    "claude": "claude:ClaudeBackend",
    "gemini": "gemini:GeminiBackend",
    "azure_openai": "azure_openai:AzureOpenAIBackend",
    "lmstudio": "lmstudio:LMStudioBackend",
    "vllm": "inference:InferenceBackend",
    "sglang": "inference:InferenceBackend",
    "claude_code": "claude_code:ClaudeCodeBackend",
    "codex": "codex:CodexBackend",
    "copilot": "copilot:CopilotBackend",
    "gemini_cli": "gemini_cli:GeminiCLIBackend",
    "antigravity_cli": "antigravity_cli:AntigravityCLIBackend",
    "ag2": "external:ExternalAgentBackend",
}
"""Types that are not ``ChatCompletionsBackend``; see ``create_backend`` in massgen/cli/backends.py."""

_CALLS = {
    "response:ResponseBackend": ["openai.resources.responses:AsyncResponses.create"],
    "grok:GrokBackend": ["openai.resources.responses:AsyncResponses.create"],
    "claude:ClaudeBackend": [
        "anthropic.resources.messages:AsyncMessages.create",
        "anthropic.resources.beta.messages:AsyncMessages.create",
    ],
    "gemini:GeminiBackend": ["google.genai.types:GenerateContentConfig"],
    "claude_code:ClaudeCodeBackend": ["claude_agent_sdk:ClaudeAgentOptions"],
}
_CHAT = ["openai.resources.chat.completions:AsyncCompletions.create"]
_CHAT_LIKE = frozenset({"chat_completions", "azure_openai", "lmstudio", "inference"})

_HELD_IN = frozenset(
    {"kwargs", "all_params", "self.config", "config", "backend_config", "options_kwargs", "key"}
)
_RESERVED = frozenset(
    {"self", "messages", "input", "system_prompt", "append_system_prompt", "system_instruction"}
)
"""What MassGen fills in itself, or refuses."""


@functools.cache
def known(backend_type: str) -> frozenset[str]:
    """All keys that mean something under ``backend`` of this type."""
    name = _CLASSES.get(backend_type, "chat_completions:ChatCompletionsBackend")
    files = [*_sources(name), *_adapters(backend_type)]
    read = frozenset().union(*(keys_read(file, _HELD_IN) | excluded(file) for file in files))
    read |= keys_read(PACKAGES / "massgen/cli/backends.py", frozenset({"backend_config"}))
    read |= keys_read(PACKAGES / "massgen/backend/capabilities.py", frozenset({"config"}))
    base = host.module("massgen.backend._excluded_params").BASE_EXCLUDED_CONFIG_PARAMS
    return (read | base | _breaker(name) | _sdk_parameters(name) | {"type", "model", "api_key"}) - _RESERVED


def _breaker(name: str) -> set[str]:
    """The settings of the circuit breaker, which carry a prefix in the configuration."""
    if not hasattr(_class(name), "_build_circuit_breaker_config"):
        return set()
    config = host.module("massgen.backend.llm_circuit_breaker").LLMCircuitBreakerConfig
    return {f"llm_circuit_breaker_{field.name}" for field in dataclasses.fields(config)}


def _class(name: str) -> type:
    module, _, attribute = name.partition(":")
    found: type = getattr(host.module(f"massgen.backend.{module}"), attribute)
    return found


def _adapters(backend_type: str) -> list[Path]:
    return [PACKAGES / "massgen/adapters/ag2_adapter.py"] if backend_type == "ag2" else []


def _sources(name: str) -> list[Path]:
    """The modules of a backend's class, of its ancestors, and of what builds its requests."""
    cls = _class(name)
    modules = [inspect.getmodule(parent) for parent in inspect.getmro(cls)]
    helpers = [
        parent
        for found in modules
        for helper, value in vars(found).items()
        if helper.endswith("APIParamsHandler")
        for parent in inspect.getmro(value)
    ]
    files = {inspect.getsourcefile(cls) for cls in (*inspect.getmro(cls), *helpers) if _massgens(cls)}
    return [Path(file) for file in files if file]


def _massgens(cls: type) -> bool:
    return cls.__module__.startswith("massgen.")


@functools.cache
def _sdk_parameters(name: str) -> frozenset[str]:
    calls = _CHAT if name.partition(":")[0] in _CHAT_LIKE else _CALLS.get(name, [])
    return frozenset().union(*map(_parameters, calls))


def _parameters(call: str) -> set[str]:
    module, _, path = call.partition(":")
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        found = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return set(getattr(found, "model_fields", None) or inspect.signature(found).parameters)
