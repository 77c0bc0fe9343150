"""Google Gemini: the Developer API, Vertex AI, and proxies that preserve Google's paths."""

from __future__ import annotations

from massgen_plugins.providers.gemini.provider import GeminiProvider

__all__ = ["GeminiProvider"]
