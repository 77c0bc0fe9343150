"""The plugin of all providers but Gemini: OpenAI, Anthropic, and the hosts of the chat family."""

from __future__ import annotations

from massgen_plugins.hookspecs import hookimpl
from massgen_plugins.providers.anthropic.provider import AnthropicProvider
from massgen_plugins.providers.base import Provider
from massgen_plugins.providers.chat.hosts import HOSTS
from massgen_plugins.providers.chat.provider import ChatProvider
from massgen_plugins.providers.openai.host import OPENAI

__all__ = ["massgen_provider"]


@hookimpl
def massgen_provider() -> list[Provider]:
    """Add all of them."""
    unknown, *others = (ChatProvider(host) for host in HOSTS)
    return [unknown, ChatProvider(OPENAI), AnthropicProvider(), *others]
