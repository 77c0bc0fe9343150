"""Hosts of the chat family as tables: charges, announced limits and refusals, with source and date.

"Field" means public issues, pull requests and fixtures that quote real answers; "docs" the provider's pages.
"""

from __future__ import annotations

from massgen_plugins.providers.chat.hosts.azure import AZURE
from massgen_plugins.providers.chat.hosts.inference import (
    CEREBRAS,
    FIREWORKS,
    GROQ,
    NEBIUS,
    NVIDIA,
    SAMBANOVA,
    TOGETHER,
)
from massgen_plugins.providers.chat.hosts.local import LMSTUDIO, SGLANG, UNKNOWN, VLLM
from massgen_plugins.providers.chat.hosts.own_models import DEEPSEEK, MISTRAL, MOONSHOT, QWEN, XAI, ZAI
from massgen_plugins.providers.chat.hosts.resellers import COPILOT, OPENROUTER, POE

__all__ = ["HOSTS"]

HOSTS = (
    UNKNOWN,
    AZURE,
    CEREBRAS,
    COPILOT,
    DEEPSEEK,
    FIREWORKS,
    GROQ,
    LMSTUDIO,
    MISTRAL,
    MOONSHOT,
    NEBIUS,
    NVIDIA,
    OPENROUTER,
    POE,
    QWEN,
    SAMBANOVA,
    SGLANG,
    TOGETHER,
    VLLM,
    XAI,
    ZAI,
)
"""All hosts. The unknown one comes first: it gets calls at unknown hosts outside of turns."""
