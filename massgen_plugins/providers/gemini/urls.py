"""Google's URLs: which of them are calls of a model, and of which."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

__all__ = ["Address", "credential_in", "endpoint_of", "host_of", "is_own_host", "parse_call", "split_url"]

_OWN_HOST = "generativelanguage.googleapis.com"
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}

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
        parts: The URL in its parts.
        path: Its path, unescaped.
        model: The model's name as it stands there; of tuned models and endpoints with ``tunedModels/`` or
            ``endpoints/`` before it.
        verb: What is asked of it, such as ``streamGenerateContent``.
    """

    parts: SplitResult
    path: str
    model: str
    verb: str


def split_url(url: str) -> SplitResult | None:
    """The parts of a URL; None if it is none, such as one with a broken IPv6 address."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def parse_call(url: str) -> Address | None:
    """Read the URL of a model call; None if it is that of anything else."""
    parts = split_url(url)
    if parts is None or len(parts.path) > _LONGEST:
        return None
    path = unquote(parts.path)  # some clients write the colon as %3A, some gateways the slash as %2F
    head, _, verb = path.rstrip("/").rpartition(":")
    if verb not in _VERBS:
        return None
    place, collection = max((head.rfind(f"/{name}/"), name) for name in _COLLECTIONS)
    model = head[place + len(collection) + 2 :] if place >= 0 else head.rpartition("/")[2]
    model = model.strip("/")
    if not model:
        return None
    prefix = "" if place < 0 or collection == "models" else f"{collection}/"
    return Address(parts, path, prefix + model, verb)


def is_own_host(parts: SplitResult) -> bool:
    """Whether a URL is of Google's own host of the Developer API."""
    return host_of(parts) == _OWN_HOST


def endpoint_of(parts: SplitResult) -> str:
    """Host and port of a URL; empty for Google's own."""
    host = parts.netloc.rpartition("@")[2].lower()  # a user name or password is none of our business
    host = host.removesuffix(_DEFAULT_PORTS.get(parts.scheme, ":443"))
    return "" if host == _OWN_HOST else host


def host_of(parts: SplitResult) -> str:
    """Host of a URL, lower case, without its port."""
    try:
        return (parts.hostname or "").lower()
    except ValueError:
        return ""


def credential_in(parts: SplitResult, path: str) -> tuple[str, str]:
    """The API key in a URL's query, and the project in its path; empty where there is none."""
    try:
        keys = parse_qs(parts.query).get("key", [])
    except ValueError:  # more fields than parse_qs accepts
        keys = []
    return next(iter(keys), ""), next(iter(_PROJECT.findall(path)), "")
