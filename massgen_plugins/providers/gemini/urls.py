"""Parses Google's URLs of model calls."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qs

from massgen_plugins.providers.urls import Place, place_of

__all__ = ["OWN_HOST", "Address", "endpoint_of", "parse_call", "project_in", "query_key"]

OWN_HOST = "generativelanguage.googleapis.com"
"""The Developer API."""

_VERBS = frozenset({"generateContent", "streamGenerateContent", "embedContent", "batchEmbedContents"})
"""Verbs of model calls; token counting, batches and Vertex's ``predict`` have separate quotas."""

_COLLECTIONS = ("models", "tunedModels", "endpoints")
"""Google's URLs end in ``.../models/{model}:{verb}``, after the API version, Vertex project and publisher, or
base path of a proxy. Gateways prefix the model with a provider, with a plain or escaped slash, or omit
``models/``."""

_PROJECT = re.compile(r"/projects/([^/]+)/")
_LONGEST = 4_096
"""Maximum length of a path; clients send no longer ones."""


class Address(NamedTuple):
    """The parsed URL of a model call.

    Attributes:
        place: Host, endpoint and path; some clients escape the colon in it, some gateways the slash.
        model: The model's name in the URL; tuned models and endpoints are prefixed with ``tunedModels/`` or
            ``endpoints/``.
        verb: The method, such as ``streamGenerateContent``.
    """

    place: Place
    model: str
    verb: str


def parse_call(url: str) -> Address | None:
    """Parse the URL of a model call; None for other URLs."""
    place = place_of(url)
    if place is None or len(place.path) > _LONGEST:
        return None
    head, _, verb = place.path.rpartition(":")
    if verb not in _VERBS:
        return None
    start, collection = max((head.rfind(f"/{name}/"), name) for name in _COLLECTIONS)
    model = head[start + len(collection) + 2 :] if start >= 0 else head.rpartition("/")[2]
    model = model.strip("/")
    if not model:
        return None
    prefix = "" if start < 0 or collection == "models" else f"{collection}/"
    return Address(place, prefix + model, verb)


def endpoint_of(place: Place) -> str:
    """Host and port of a URL; empty for Google's own host."""
    return "" if place.endpoint == OWN_HOST else place.endpoint


def project_in(path: str) -> str:
    """The project in a Vertex AI path; empty if there is none."""
    match = _PROJECT.search(path)
    return match[1] if match else ""


def query_key(url: str) -> str:
    """The API key in a URL's query; empty if there is none."""
    try:
        keys = parse_qs(url.partition("?")[2].partition("#")[0]).get("key", [])
    except ValueError:  # more fields than parse_qs accepts
        keys = []
    return next(iter(keys), "")
