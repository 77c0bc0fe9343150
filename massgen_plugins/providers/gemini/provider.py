"""The Gemini provider: recognises requests, and parses them in Google's own format and OpenAI's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from massgen_plugins.middleware import Refusal
from massgen_plugins.providers.base import Conventions, HttpRequest, ModelRequest, Provider, UsageReader
from massgen_plugins.providers.gemini.estimate import input_tokens
from massgen_plugins.providers.gemini.models import resolve_model
from massgen_plugins.providers.gemini.refusals import read_refusal
from massgen_plugins.providers.gemini.tools import tool_pools
from massgen_plugins.providers.gemini.urls import OPENAI, OWN_HOST, Address, is_openai_base, parse_call
from massgen_plugins.providers.gemini.usage import GeminiUsageReader
from massgen_plugins.providers.text import read_body
from massgen_plugins.providers.urls import Place, credential_of, place_of
from massgen_plugins.quota import Charge, Kind

__all__ = ["GeminiProvider"]

_CODE_ASSIST = "v1internal"
"""Placeholder for the model in ``cloudcode-pa.googleapis.com/v1internal:generateContent``."""

_PROJECT = re.compile(r"/projects/([^/]+)/")


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
        address = parse_call(request.url)
        if address is None:
            return None
        place, body = address.place, read_body(request.body)
        asked = _in_openais_format(body) if address.verb == OPENAI else _in_own_format(address, body)
        model, most = resolve_model(asked.model), asked.max_output
        # A test on the free tier found that a batch of 100 texts to embed counts as 100 requests per minute
        # (issue 1922 of garrytan/gbrain, 2026-06); a report of 2025-07 says one. The larger count is safe.
        texts = len(asked.texts) if isinstance(asked.texts, list) else 1
        declared = request.headers.get("content-length", "")
        tokens = input_tokens(request.body, asked.document, model, declared_size=declared)
        return ModelRequest(
            requested_model=asked.model,
            model=model,
            credential=asked.account or _account_of(request, place),
            endpoint="" if place.endpoint == OWN_HOST else place.endpoint,
            charges={Kind.REQUESTS: Charge(max(1, texts)), Kind.INPUT_TOKENS: Charge(tokens)},
            stream=asked.stream,
            pools=(model, *(tool_pools(asked.tools) if asked.tools else ())),
            max_output=most if type(most) is int and 0 < most < 10**12 else None,
            host=place.host,
        )

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


class _Asked(NamedTuple):
    """What a request asks for, as found in its format; values of the body may be of any type.

    Attributes:
        model: The model's name.
        document: The part of the body that counts as input; empty if it is unreadable.
        stream: Whether it asks for a stream.
        texts: The texts to embed, in a batch.
        tools: The tools that Google runs.
        max_output: The limit on output tokens.
        account: The account, if the body names it.
    """

    model: str
    document: Mapping[str, Any]
    stream: bool
    texts: Any
    tools: Any
    max_output: Any
    account: str = ""


def _in_own_format(address: Address, body: Mapping[str, Any]) -> _Asked:
    model, account = address.model, ""
    if model == _CODE_ASSIST:  # used with a plan: wraps model, standard document and project
        named, inner, project = body.get("model"), body.get("request"), body.get("project")
        model = named[:200] if isinstance(named, str) and named else model
        account = f"code assist {project}" if isinstance(project, str) and project else ""
        body = inner if isinstance(inner, dict) else {}
    settings = body.get("generationConfig", body.get("generation_config"))
    settings = settings if isinstance(settings, dict) else {}
    return _Asked(
        model,
        body,
        stream=address.verb == "streamGenerateContent",
        texts=body.get("requests") if address.verb == "batchEmbedContents" else None,
        tools=body.get("tools"),
        max_output=settings.get("maxOutputTokens", settings.get("max_output_tokens")),
        account=account,
    )


def _in_openais_format(body: Mapping[str, Any]) -> _Asked:
    google = body
    for name in ("extra_body", "google"):  # Google's own settings, which some clients send unchanged
        inner = google.get(name)
        google = inner if isinstance(inner, dict) else google
    model, bound = body.get("model"), body.get("max_completion_tokens")
    return _Asked(
        model[:200] if isinstance(model, str) and model else "unknown",
        body,
        stream=body.get("stream") is True,
        texts=body.get("input"),
        tools=google.get("tools"),
        max_output=bound if type(bound) is int and bound > 0 else body.get("max_tokens"),
    )


def _account_of(request: HttpRequest, place: Place) -> str:
    """The best identification of the account: the API key, else the project, else the token.

    A project is preferred to an OAuth token, which changes every hour. A key identifies the same account in
    Google's header, in the URL, or as a bearer token.
    """
    headers = request.headers
    if key := headers.get("x-goog-api-key"):
        return key
    try:
        keys = parse_qs(request.url.partition("?")[2].partition("#")[0]).get("key", ())
    except ValueError:  # more fields than parse_qs accepts
        keys = ()
    project = _PROJECT.search(place.path)
    return (
        next(iter(keys), "")
        or headers.get("x-goog-user-project")
        or (project[1] if project else "")
        or credential_of(headers)
    )
