"""Parses the URLs of Gemini's model calls: Google's own paths, and the OpenAI-compatible one.

The latter has a different format for the same calls, with the same key and quota. It is documented at
https://ai.google.dev/gemini-api/docs/openai (2026): base URL ``.../v1beta/openai/``, with the Gemini key as
bearer token. Vertex AI has it under ``/endpoints/openapi``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from massgen_plugins.providers.urls import Place, place_of

__all__ = ["OPENAI", "OWN_HOST", "Address", "is_openai_base", "is_openai_path", "parse_call"]

OWN_HOST = "generativelanguage.googleapis.com"
"""The Developer API."""

OPENAI = "openai"
"""Stands for the verb of a call on the OpenAI-compatible path."""

_VERBS = frozenset({"generateContent", "streamGenerateContent", "embedContent", "batchEmbedContents"})
"""Verbs of model calls; token counting, batches and Vertex's ``predict`` have separate quotas."""

_COLLECTIONS = ("models", "tunedModels", "endpoints")
"""Google's URLs end in ``.../models/{model}:{verb}``, after the API version, Vertex project and publisher, or
base path of a proxy. Gateways prefix the model with a provider, with a plain or escaped slash, or omit
``models/``."""

_LONGEST = 4_096
"""Maximum length of a path; clients send no longer ones."""

# The version before ``openai`` distinguishes it from Groq's /openai/v1 and Azure's /openai/deployments.
_BASE = r"/v[0-9]{1,2}(?:alpha|beta)?[0-9]{0,2}/openai|/endpoints/openapi"
_OPENAI_BASE = re.compile(rf"(?:{_BASE})$")
_OPENAI_PATH = re.compile(rf"(?:{_BASE})/+(?:chat/completions|embeddings)$")


class Address(NamedTuple):
    """The parsed URL of a model call.

    Attributes:
        place: Host, endpoint and path; some clients escape the colon in it, some gateways the slash.
        model: The model's name in the URL; tuned models and endpoints are prefixed with ``tunedModels/`` or
            ``endpoints/``. Empty on the OpenAI-compatible path.
        verb: The method, such as ``streamGenerateContent``, or ``OPENAI``.
    """

    place: Place
    model: str
    verb: str


@lru_cache(maxsize=256)
def parse_call(url: str) -> Address | None:
    """Parse the URL of a model call, on any host and with any API version; None for other URLs."""
    place = place_of(url)
    if place is None or len(place.path) > _LONGEST:
        return None
    if is_openai_path(place):
        return Address(place, "", OPENAI)
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


def is_openai_path(place: Place) -> bool:
    """Whether a URL is a chat completion or an embedding on the OpenAI-compatible path, on any host."""
    return _OPENAI_PATH.search(place.path) is not None


def is_openai_base(place: Place) -> bool:
    """Whether a base URL refers to that path, so that an OpenAI backend uses Gemini's quota."""
    return place.host == OWN_HOST or _OPENAI_BASE.search(place.path) is not None
