"""Gemini's OpenAI-compatible path: a different format for the same calls, with the same key and quota.

Documented at https://ai.google.dev/gemini-api/docs/openai (2026): base URL ``.../v1beta/openai/``, with the
Gemini key as bearer token. Vertex AI has it under ``/endpoints/openapi``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from massgen_plugins.providers.base import HttpRequest, ModelRequest
from massgen_plugins.providers.gemini.estimate import input_tokens, read_body
from massgen_plugins.providers.gemini.models import resolve_model
from massgen_plugins.providers.gemini.requests import credential_of
from massgen_plugins.providers.gemini.tools import tool_pools
from massgen_plugins.providers.gemini.urls import OWN_HOST, endpoint_of
from massgen_plugins.providers.urls import place_of
from massgen_plugins.quota import Charge, Kind

__all__ = ["is_openai_base", "is_openai_path", "read_request"]

# The version before ``openai`` distinguishes it from Groq's /openai/v1 and Azure's /openai/deployments.
_BASE = r"/v[0-9]{1,2}(?:alpha|beta)?[0-9]{0,2}/openai|/endpoints/openapi"
_PATH = re.compile(rf"(?:{_BASE})/+(?:chat/completions|embeddings)$")
_BASE_PATH = re.compile(rf"(?:{_BASE})$")


def is_openai_path(url: str) -> bool:
    """Whether a URL is a chat completion or an embedding on this path, on any host."""
    if "/open" not in url:  # a fast check that rejects most URLs
        return False
    place = place_of(url)
    return place is not None and _PATH.search(place.path) is not None


def is_openai_base(base_url: str) -> bool:
    """Whether a base URL refers to this path, so that an OpenAI backend uses Gemini's quota."""
    place = place_of(base_url)
    return place is not None and (place.host == OWN_HOST or _BASE_PATH.search(place.path) is not None)


def read_request(request: HttpRequest) -> ModelRequest | None:
    """Parse a request on this path; None if it is not one."""
    place = place_of(request.url) if is_openai_path(request.url) else None
    if place is None:
        return None
    document = read_body(request.body)
    requested = _model_in(document)
    model = resolve_model(requested)
    declared = request.headers.get("content-length")
    tokens = input_tokens(request.body, document, model, declared_size=declared)
    return ModelRequest(
        requested_model=requested,
        model=model,
        credential=credential_of(request, place),
        endpoint=endpoint_of(place),
        charges={Kind.REQUESTS: Charge(_requests(document)), Kind.INPUT_TOKENS: Charge(tokens)},
        stream=document is not None and document.get("stream") is True,
        pools=(model, *tool_pools(_google_settings(document))),
        max_output=_max_output(document),
        host=place.host,
    )


def _model_in(document: Mapping[str, Any] | None) -> str:
    model = document.get("model") if document else None
    return model[:200] if isinstance(model, str) and model else "unknown"


def _requests(document: Mapping[str, Any] | None) -> int:
    """Number of requests: one, or one per text to embed, as on Google's own path."""
    texts = document.get("input") if document else None
    return max(1, len(texts)) if isinstance(texts, list) else 1


def _google_settings(document: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Google's own tools on this path, in ``extra_body.google``, which some clients send unchanged."""
    for name in ("extra_body", "google"):
        inner = document.get(name) if document else None
        document = inner if isinstance(inner, dict) else document
    return document


def _max_output(document: Mapping[str, Any] | None) -> int | None:
    document = document or {}
    bounds = [document.get(name) for name in ("max_completion_tokens", "max_tokens")]
    return next((bound for bound in bounds if type(bound) is int and 0 < bound < 10**12), None)
