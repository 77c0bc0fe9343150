"""The Gemini provider."""

from __future__ import annotations

from collections.abc import Mapping

from massgen_plugins.middleware import Refusal
from massgen_plugins.providers.base import Conventions, HttpRequest, ModelRequest, Provider, UsageReader
from massgen_plugins.providers.gemini.models import resolve_model
from massgen_plugins.providers.gemini.refusals import read_refusal
from massgen_plugins.providers.gemini.requests import read_request
from massgen_plugins.providers.gemini.urls import is_openai_base, parse_call
from massgen_plugins.providers.gemini.usage import GeminiUsageReader
from massgen_plugins.providers.urls import place_of
from massgen_plugins.quota import Kind

__all__ = ["GeminiProvider"]


class GeminiProvider(Provider):
    """Handles Google's own paths and the OpenAI-compatible one."""

    name = "gemini"
    # https://ai.google.dev/gemini-api/docs/rate-limits (2026-08-18): "Tokens per minute (input)"; requests
    # per day "reset at midnight Pacific time".
    conventions = Conventions(
        tpm_counts=Kind.INPUT_TOKENS,
        day_zone="America/Los_Angeles",
        key_prefixes=("AIza", "AQ.", "ya29."),
    )

    def serves(self, backend_type: str, base_url: str | None) -> bool:
        place = place_of(base_url or "")
        return backend_type in ("gemini", "gemini_cli") or (place is not None and is_openai_base(place))

    def is_model_call(self, method: str, url: str) -> bool:
        # The search is a fast check that rejects most requests.
        return method == "POST" and ("Content" in url or "/open" in url) and parse_call(url) is not None

    def read_request(self, request: HttpRequest) -> ModelRequest | None:
        return read_request(request)

    def resolve_model(self, model: str) -> str:
        return resolve_model(model)

    def read_refusal(
        self, status: int, headers: Mapping[str, str], body: bytes, request: ModelRequest
    ) -> Refusal | None:
        return read_refusal(status, headers, body, request)

    def usage_reader(self, request: ModelRequest) -> UsageReader:
        # One reader for both formats, since a gateway may convert one into the other.
        del request
        return GeminiUsageReader()
