"""The hosts whose dialects the sandbox speaks.

A host is selected by ``SandboxConfig.host``, or by a path such as ``/openrouter.ai/api/v1/chat/completions``,
so that clients that search their base URL for a domain find it.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Host", "host_of"]


class Host(StrEnum):
    """A provider, which determines names of fields, headers and errors."""

    ANTHROPIC = "anthropic"
    AZURE = "azure"
    CEREBRAS = "cerebras"
    DEEPSEEK = "deepseek"
    FIREWORKS = "fireworks"
    GEMINI = "gemini"
    GROQ = "groq"
    MISTRAL = "mistral"
    MOONSHOT = "moonshot"
    NEBIUS = "nebius"
    NVIDIA = "nvidia"
    OPENAI = "openai"
    OPENROUTER = "openrouter"
    POE = "poe"
    QWEN = "qwen"
    TOGETHER = "together"
    VLLM = "vllm"
    XAI = "xai"
    ZAI = "zai"


_DOMAINS = {
    "api.anthropic.com": Host.ANTHROPIC,
    "openai.azure.com": Host.AZURE,
    "cerebras.ai": Host.CEREBRAS,
    "deepseek.com": Host.DEEPSEEK,
    "fireworks.ai": Host.FIREWORKS,
    "generativelanguage.googleapis.com": Host.GEMINI,
    "groq.com": Host.GROQ,
    "mistral.ai": Host.MISTRAL,
    "moonshot.ai": Host.MOONSHOT,
    "moonshot.cn": Host.MOONSHOT,
    "nebius.ai": Host.NEBIUS,
    "nebius.com": Host.NEBIUS,
    "nvidia.com": Host.NVIDIA,
    "api.openai.com": Host.OPENAI,
    "openrouter.ai": Host.OPENROUTER,
    "poe.com": Host.POE,
    "aliyuncs.com": Host.QWEN,
    "together.ai": Host.TOGETHER,
    "together.xyz": Host.TOGETHER,
    "api.x.ai": Host.XAI,
    "z.ai": Host.ZAI,
    "bigmodel.cn": Host.ZAI,
}
_PATHS = {
    "openai/deployments/": Host.AZURE,
    "openai/v1/": Host.AZURE,
    "v1beta/openai/": Host.GEMINI,
}


def host_of(prefix: str, default: Host | None) -> Host:
    """The host in a path's prefix; without one ``default``, else OpenAI."""
    first = prefix.lstrip("/").partition("/")[0]
    for domain, host in _DOMAINS.items():
        if first == domain or first.endswith("." + domain):
            return host
    if default is not None:
        return default
    return next((host for path, host in _PATHS.items() if path in prefix), Host.OPENAI)
