"""Which headers travel on, and which belong to one connection only."""

from __future__ import annotations

from importlib.util import find_spec

from multidict import CIMultiDict, CIMultiDictProxy

__all__ = ["lower_case", "of_answer", "of_request"]

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""RFC 9110, section 7.6.1."""
_NEW_FOR_UPSTREAM = _HOP_BY_HOP | {"host", "content-length", "expect"}
"""The client writes them itself."""
_READABLE = {"gzip", "x-gzip", "deflate", "identity"} | ({"zstd"} if find_spec("zstandard") else set())
"""Codings in which the answer's usage can be read on its way."""


def of_request(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """A request's headers as they travel on: all of them, but codings that cannot be read here."""
    kept = _without(headers, _NEW_FOR_UPSTREAM)
    if "accept-encoding" in kept:
        wanted = [coding.strip() for coding in kept["accept-encoding"].split(",")]
        readable = [coding for coding in wanted if coding.partition(";")[0].strip().lower() in _READABLE]
        kept["accept-encoding"] = ", ".join(readable) or "identity"
    return kept


def of_answer(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """An answer's headers as they travel on."""
    return _without(headers, _HOP_BY_HOP)


def lower_case(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    """Headers with lower-case names; of several with one name the last."""
    return {name.lower(): value for name, value in headers.items()}


def _without(headers: CIMultiDictProxy[str], names: frozenset[str]) -> CIMultiDict[str]:
    named = headers.get("connection", "").lower().split(",")  # a sender may name more of them
    dropped = names | {name.strip() for name in named}
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)
