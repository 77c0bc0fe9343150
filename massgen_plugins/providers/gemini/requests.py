"""Which HTTP requests are calls of a Gemini model, and whose quota they use."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from massgen_plugins.providers.base import HttpRequest, ModelRequest
from massgen_plugins.providers.gemini.estimate import estimate
from massgen_plugins.providers.gemini.models import resolve_model

__all__ = ["is_model_call", "read_request"]

_OWN_HOST = "generativelanguage.googleapis.com"
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}

# Google's grammar is ``.../models/{model}:{verb}``. Whatever comes before the last ``models/`` differs:
# API version, Vertex project and publisher, base path of a proxy.
_CALL = re.compile(r"/(?P<kind>models|tunedModels)/(?P<model>[^/:]+):(?P<verb>g|streamG)enerateContent$")
_PROJECT = re.compile(r"/projects/([^/]+)/")


class _Call(NamedTuple):
    parts: SplitResult
    path: str
    model: str
    stream: bool


def is_model_call(method: str, url: str) -> bool:
    """Whether a request is a ``generateContent`` or ``streamGenerateContent`` call of any host and version.

    Token counting, embeddings, batches, and Vertex's ``predict`` have quotas of their own and are not.
    """
    # Most requests end at the second test: it costs less than any parsing.
    return method == "POST" and "enerateContent" in url and _parse(url) is not None


def read_request(request: HttpRequest) -> ModelRequest | None:
    """Read model, account, endpoint and the likely cost of a request; None if it is not a model call."""
    call = _parse(request.url)
    if call is None:
        return None
    model = resolve_model(call.model)
    return ModelRequest(
        requested_model=call.model,
        model=model,
        credential=_credential(call, request),
        endpoint=_endpoint(call.parts),
        estimate=estimate(request.body, model, declared_size=request.headers.get("content-length")),
        stream=call.stream,
    )


def _parse(url: str) -> _Call | None:
    try:
        parts = urlsplit(url)
    except ValueError:  # such as a broken IPv6 address: no client would send it
        return None
    path = unquote(parts.path)  # some clients write the colon as %3A
    match = _CALL.search(path)
    if match is None:
        return None
    prefix = "tunedModels/" if match["kind"] == "tunedModels" else ""
    return _Call(parts, path, prefix + match["model"], stream=match["verb"] == "streamG")


def _credential(call: _Call, request: HttpRequest) -> str:
    """What names the account best: the API key, else the project, else the token.

    A project comes before an OAuth token because tokens change every hour while the quota stays.
    """
    headers = request.headers
    return (
        headers.get("x-goog-api-key")
        or next(iter(_query_keys(call.parts.query)), "")
        or headers.get("x-goog-user-project")
        or next(iter(_PROJECT.findall(call.path)), "")
        or headers.get("authorization", "")
    )


def _query_keys(query: str) -> list[str]:
    try:
        return parse_qs(query).get("key", [])
    except ValueError:  # more fields than parse_qs accepts
        return []


def _endpoint(parts: SplitResult) -> str:
    host = parts.netloc.rpartition("@")[2].lower()  # a user name or password is none of our business
    host = host.removesuffix(_DEFAULT_PORTS.get(parts.scheme, ":443"))
    return "" if host == _OWN_HOST else host
