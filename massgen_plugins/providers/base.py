"""What a provider plugin must know: which requests are model calls, and what its answers mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from massgen_plugins.middleware import Refusal
from massgen_plugins.quota import Amounts

__all__ = ["HttpRequest", "ModelRequest", "Provider", "UsageReader"]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP request as the wire saw it.

    Attributes:
        method: Upper case.
        url: Whole URL.
        headers: Lower-case names.
        body: The bytes that will be sent; None when they are not known before sending.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """What a provider reads in a request that is a model call.

    Attributes:
        requested_model: The model's name as sent.
        model: The resolved model: the name of the quota that it is booked on.
        credential: The API key or token of the request, for fingerprinting only; never stored.
        endpoint: Host (and port) when it is not the provider's own; else empty.
        estimate: Upper bound by kind, of one request and its tokens.
        stream: Whether the answer will be a stream of events.
    """

    requested_model: str
    model: str
    credential: str
    endpoint: str
    estimate: Amounts
    stream: bool


class UsageReader(Protocol):
    """Reads usage out of an answer's body, piece by piece, without changing it."""

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body, cut anywhere."""

    def usage(self) -> Amounts | None:
        """What has been reported so far, by kind; None before the first report."""


class Provider(Protocol):
    """One provider's traffic. Objects are stateless and may be shared by threads."""

    @property
    def name(self) -> str:
        """Name in profiles and scopes, such as ``gemini``."""

    @property
    def backends(self) -> frozenset[str]:
        """Types of MassGen backends (``backend.type``) whose traffic it reads, in lower case."""

    def is_model_call(self, method: str, url: str) -> bool:
        """Whether a request is a model call, from its method and URL alone; cheap: asked of every request."""

    def read_request(self, request: HttpRequest) -> ModelRequest | None:
        """Read a request for which :meth:`is_model_call` said yes; None if it is not one after all."""

    def resolve_model(self, model: str) -> str:
        """The name of the quota that calls of this model are booked on."""

    def read_refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> Refusal | None:
        """Read an error answer, or the first event of a 200 stream; None if it is not a refusal."""

    def usage_reader(self, *, stream: bool) -> UsageReader:
        """A fresh reader for one answer's body."""
