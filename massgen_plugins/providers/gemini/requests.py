"""Parses Gemini requests: model, account and charges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from massgen_plugins.providers.base import HttpRequest, ModelRequest
from massgen_plugins.providers.gemini.estimate import input_tokens, read_body
from massgen_plugins.providers.gemini.models import resolve_model
from massgen_plugins.providers.gemini.tools import tool_pools
from massgen_plugins.providers.gemini.urls import Address, endpoint_of, parse_call, project_in, query_key
from massgen_plugins.providers.urls import Place
from massgen_plugins.providers.urls import credential_of as credential_in
from massgen_plugins.quota import Charge, Kind

_CODE_ASSIST = "v1internal"
"""Placeholder for the model in ``cloudcode-pa.googleapis.com/v1internal:generateContent``."""

__all__ = ["credential_of", "is_model_call", "read_request"]


def is_model_call(method: str, url: str) -> bool:
    """Whether a request generates content or embeddings, on any host and with any API version.

    Token counting and batches have separate quotas.
    """
    # The second test is a fast check that rejects most requests.
    return method == "POST" and "Content" in url and parse_call(url) is not None


def read_request(request: HttpRequest) -> ModelRequest | None:
    """Parse a request; None if it is not a model call."""
    address = parse_call(request.url)
    if address is None:
        return None
    document, account = read_body(request.body), ""
    if address.model == _CODE_ASSIST:
        address, document, account = _inside(address, document or {})
    model = resolve_model(address.model)
    declared = request.headers.get("content-length")
    tokens = input_tokens(request.body, document, model, declared_size=declared)
    return ModelRequest(
        requested_model=address.model,
        model=model,
        credential=account or credential_of(request, address.place),
        endpoint=endpoint_of(address.place),
        charges={
            Kind.REQUESTS: Charge(_requests(address, document)),
            Kind.INPUT_TOKENS: Charge(tokens),
        },
        stream=address.verb == "streamGenerateContent",
        pools=(model, *tool_pools(document)),
        max_output=_max_output(document),
        host=address.place.host,
    )


def _inside(address: Address, body: Mapping[str, Any]) -> tuple[Address, dict[str, Any] | None, str]:
    """Unwrap a request of Code Assist (used with a plan): model, standard document and project."""
    model, document, project = body.get("model"), body.get("request"), body.get("project")
    named = address._replace(model=model) if isinstance(model, str) and model else address
    inner = document if isinstance(document, dict) else None
    return named, inner, f"code assist {project}" if isinstance(project, str) and project else ""


def credential_of(request: HttpRequest, place: Place) -> str:
    """The best identification of the account: the API key, else the project, else the token.

    A project is preferred to an OAuth token, which changes every hour. A key identifies the same account in
    Google's header, in the URL, or as a bearer token.
    """
    headers = request.headers
    return (
        headers.get("x-goog-api-key")
        or query_key(request.url)
        or headers.get("x-goog-user-project")
        or project_in(place.path)
        or credential_in(headers)
    )


def _requests(address: Address, document: Mapping[str, Any] | None) -> int:
    """Number of requests: one, or one per text of a batch of embeddings.

    A test on the free tier found that a batch of 100 texts counts as 100 requests per minute (issue 1922 of
    garrytan/gbrain, 2026-06); a report of 2025-07 says one. The larger count is safe.
    """
    texts = document.get("requests") if document and address.verb == "batchEmbedContents" else None
    return max(1, len(texts)) if isinstance(texts, list) else 1


def _max_output(document: Mapping[str, Any] | None) -> int | None:
    document = document or {}
    settings = document.get("generationConfig", document.get("generation_config"))
    if not isinstance(settings, dict):
        return None
    bound = settings.get("maxOutputTokens", settings.get("max_output_tokens"))
    return bound if type(bound) is int and 0 < bound < 10**12 else None
