"""Google's URLs: which of them are calls of a model, and of which."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qs

from massgen_plugins.providers.urls import Place, place_of

__all__ = ["OWN_HOST", "Address", "endpoint_of", "parse_call", "project_in", "query_key"]

OWN_HOST = "generativelanguage.googleapis.com"
"""The Developer API."""

_VERBS = frozenset({"generateContent", "streamGenerateContent", "embedContent", "batchEmbedContents"})
"""Token counting, batches and Vertex's ``predict`` have quotas of their own and are not here."""

_COLLECTIONS = ("models", "tunedModels", "endpoints")
"""Google's grammar is ``.../models/{model}:{verb}``. What comes before the last ``models/`` differs: version
of the API, Vertex project and publisher, base path of a proxy. Gateways put a provider before the model,
plain or with an escaped slash, or leave ``models/`` out."""

_PROJECT = re.compile(r"/projects/([^/]+)/")
_LONGEST = 4_096
"""Characters of a path that is read; no client sends a longer one."""


class Address(NamedTuple):
    """A model call's URL, read.

    Attributes:
        place: Host, endpoint and path; some clients escape the colon in it, some gateways the slash.
        model: The model's name as it stands there; of tuned models and endpoints with ``tunedModels/`` or
            ``endpoints/`` before it.
        verb: What is asked of it, such as ``streamGenerateContent``.
    """

    place: Place
    model: str
    verb: str


def parse_call(url: str) -> Address | None:
    """Read the URL of a model call; None if it is that of anything else."""
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
    """Host and port of a URL; empty for Google's own."""
    return "" if place.endpoint == OWN_HOST else place.endpoint


def project_in(path: str) -> str:
    """The project that a path of Vertex AI names; empty if it names none."""
    match = _PROJECT.search(path)
    return match[1] if match else ""


def query_key(url: str) -> str:
    """The API key in a URL's query; empty if there is none."""
    try:
        keys = parse_qs(url.partition("?")[2].partition("#")[0]).get("key", [])
    except ValueError:  # more fields than parse_qs accepts
        keys = []
    return next(iter(keys), "")
