"""The Gemini plugin."""

from __future__ import annotations

from massgen_plugins.hookspecs import hookimpl
from massgen_plugins.providers.base import Provider
from massgen_plugins.providers.gemini.provider import GeminiProvider

__all__ = ["massgen_provider"]


@hookimpl
def massgen_provider() -> Provider:
    """Add the Gemini provider."""
    return GeminiProvider()
