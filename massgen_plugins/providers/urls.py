"""Whose URL this is: hosts, endpoints, and paths of model calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

__all__ = ["Place", "credential_of", "place_of"]

_DEFAULT_PORTS = {"https": ":443", "http": ":80"}
_KEYS = ("x-api-key", "api-key", "x-goog-api-key", "authorization")
_LOOPBACK = ("localhost", "127.", "[::1]", "::1", "0.0.0.0")  # noqa: S104 - compared with, not bound to


class Place(NamedTuple):
    """A URL, taken apart.

    Attributes:
        host: Lower case, without port.
        endpoint: Host and port as written, the scheme's own port left out.
        path: Decoded, without a slash at its end.
    """

    host: str
    endpoint: str
    path: str

    @property
    def names(self) -> tuple[str, ...]:
        """The host names that a URL can mean: of a proxy on this machine, those in its path, too.

        ``http://127.0.0.1:4000/openrouter.ai/api/v1`` stands for OpenRouter: MassGen looks for the names of
        providers anywhere in a URL, too.
        """
        if not self.host.startswith(_LOOPBACK):
            return (self.host,)
        return (self.host, *(part.lower() for part in self.path.split("/") if "." in part))


def place_of(url: str) -> Place | None:
    """Take a URL apart; None if it is none."""
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
        netloc = parts.netloc.rpartition("@")[2].lower()  # a user name or password is none of our business
        host = (parts.hostname or "").lower()
    except ValueError:  # such as a broken IPv6 address: no client would send it
        return None
    return Place(
        host, netloc.removesuffix(_DEFAULT_PORTS.get(parts.scheme, ":443")), unquote(parts.path).rstrip("/")
    )


def credential_of(headers: Mapping[str, str]) -> str:
    """What names the account: the API key, in whichever header it is."""
    key = next((headers[name] for name in _KEYS if headers.get(name)), "")
    scheme, _, rest = key.partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else key.strip()
