"""The Gemini provider: one face for the rules that the files beside it hold."""

from __future__ import annotations

from collections.abc import Mapping

from massgen_plugins.middleware import Refusal
from massgen_plugins.providers.base import HttpRequest, ModelRequest, UsageReader
from massgen_plugins.providers.gemini.models import resolve_model
from massgen_plugins.providers.gemini.refusals import read_refusal
from massgen_plugins.providers.gemini.requests import is_model_call, read_request
from massgen_plugins.providers.gemini.usage import GeminiUsageReader

__all__ = ["GeminiProvider"]


class GeminiProvider:
    """Reads Gemini's traffic. None of its methods raises, whatever it is given."""

    name = "gemini"
    backends = frozenset({"gemini"})

    def is_model_call(self, method: str, url: str) -> bool:
        """See :func:`massgen_plugins.providers.gemini.requests.is_model_call`."""
        return is_model_call(method, url)

    def read_request(self, request: HttpRequest) -> ModelRequest | None:
        """See :func:`massgen_plugins.providers.gemini.requests.read_request`."""
        return read_request(request)

    def resolve_model(self, model: str) -> str:
        """See :func:`massgen_plugins.providers.gemini.models.resolve_model`."""
        return resolve_model(model)

    def read_refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> Refusal | None:
        """See :func:`massgen_plugins.providers.gemini.refusals.read_refusal`."""
        return read_refusal(status, headers, body)

    def usage_reader(self, *, stream: bool) -> UsageReader:
        """A fresh reader; it tells streams from documents by their first bytes, not by ``stream``."""
        del stream
        return GeminiUsageReader()
