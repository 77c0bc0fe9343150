"""Parses URLs of model calls: hosts, endpoints and paths."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

__all__ = ["Place", "credential_of", "place_of"]

_DEFAULT_PORTS = {"https": ":443", "http": ":80"}
_KEYS = ("x-api-key", "api-key", "x-goog-api-key", "authorization")
_LOOPBACK = ("localhost", "127.", "[::1]", "::1", "0.0.0.0")  # noqa: S104 - compared with, not bound to


class Place(NamedTuple):
    """A parsed URL.

    Attributes:
        host: In lower case, without port.
        endpoint: Host and port as written, without the scheme's default port.
        path: Decoded, without trailing slash.
    """

    host: str
    endpoint: str
    path: str

    @property
    def names(self) -> tuple[str, ...]:
        """The host names that a URL may refer to; for a local proxy, including those in its path.

        ``http://127.0.0.1:4000/openrouter.ai/api/v1`` means OpenRouter: MassGen, too, searches the whole URL
        for names of providers.
        """
        if not self.host.startswith(_LOOPBACK):
            return (self.host,)
        return (self.host, *(part.lower() for part in self.path.split("/") if "." in part))


@lru_cache(maxsize=256)  # each call is recognised first, then read; and agents call the same URLs again
def place_of(url: str) -> Place | None:
    """Parse a URL; None if it is invalid."""
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
        netloc = parts.netloc.rpartition("@")[2].lower()  # drop user name and password
        host = (parts.hostname or "").lower()
    except ValueError:  # such as an invalid IPv6 address, which no client would send
        return None
    return Place(
        host, netloc.removesuffix(_DEFAULT_PORTS.get(parts.scheme, ":443")), unquote(parts.path).rstrip("/")
    )


def credential_of(headers: Mapping[str, str]) -> str:
    """The credential that identifies the account: the API key, from any of the usual headers."""
    key = next(filter(None, map(headers.get, _KEYS)), "")
    scheme, _, rest = key.partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else key.strip()
