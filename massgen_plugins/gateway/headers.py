"""Filters headers: end-to-end ones are forwarded, hop-by-hop ones are not."""

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
"""Set by the upstream client itself."""
_READABLE = {"gzip", "x-gzip", "deflate", "identity"} | ({"zstd"} if find_spec("zstandard") else set())
"""Codings that can be decoded to read the answer's usage."""


def of_request(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """A request's headers to forward, without codings that cannot be decoded here."""
    kept = _without(headers, _NEW_FOR_UPSTREAM)
    if "accept-encoding" in kept:
        wanted = [coding.strip() for coding in kept["accept-encoding"].split(",")]
        readable = [coding for coding in wanted if coding.partition(";")[0].strip().lower() in _READABLE]
        kept["accept-encoding"] = ", ".join(readable) or "identity"
    return kept


def of_answer(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """An answer's headers to forward."""
    return _without(headers, _HOP_BY_HOP)


def lower_case(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    """Headers by lower-case name; the last one of each name wins."""
    return {name.lower(): value for name, value in headers.items()}


def _without(headers: CIMultiDictProxy[str], names: frozenset[str]) -> CIMultiDict[str]:
    named = headers.get("connection", "").lower().split(",")  # further hop-by-hop headers
    dropped = names | {name.strip() for name in named}
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)
