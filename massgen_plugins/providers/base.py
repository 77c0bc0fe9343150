"""The provider API: recognises model calls in HTTP traffic, and interprets their answers.

Derive from :class:`Provider` and override what the provider's traffic needs. Instances are stateless and
shared between threads; methods must not raise, whatever their input.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from massgen_plugins.middleware import Announced, Refusal, Usage
from massgen_plugins.quota import Charge, Conventions

__all__ = ["Conventions", "HttpRequest", "ModelRequest", "Provider", "UsageReader"]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP request as intercepted in the client.

    Attributes:
        method: In upper case.
        url: The full URL.
        headers: Values by lower-case name.
        body: The bytes to be sent; None if they are not known in advance.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A model call as read from its HTTP request.

    Attributes:
        requested_model: The model's name as sent.
        model: The resolved model.
        credential: Identifies the account: API key, project or token; only fingerprinted, never stored.
        endpoint: Host (and port) if it is not the provider's own, else empty.
        charges: What it books, by kind: one request, and upper bounds or forecasts of its tokens.
        stream: Whether it asks for a stream of events.
        pools: Names of the pools it books in, its model's own first; empty for the model's own only.
        max_output: The request's limit on output tokens; None if it sets none.
        host: Host of the URL in lower case, where parsing depends on it.
    """

    requested_model: str
    model: str
    credential: str
    endpoint: str
    charges: Mapping[str, Charge]
    stream: bool
    pools: tuple[str, ...] = ()
    max_output: int | None = None
    host: str = ""


class UsageReader(Protocol):
    """Extracts usage from the decoded body of one answer, fed in chunks."""

    def feed(self, data: bytes) -> None:
        """Process the next chunk of the body; chunks may be split anywhere."""

    def usage(self) -> Usage | None:
        """The usage reported so far; None before the first report."""


class Provider(ABC):
    """Base class of providers."""

    name: str
    """Name in profiles and domains, such as ``gemini``; may contain a-z, 0-9, ``.``, ``-`` and ``_``."""

    conventions = Conventions()
    """How the provider counts."""

    @abstractmethod
    def serves(self, backend_type: str, base_url: str | None) -> bool:
        """Whether this is the provider of a MassGen backend with this type (lower case) and base URL, if set.

        Called once per agent, on third-party providers first; the first provider to return True is used.
        """

    @abstractmethod
    def is_model_call(self, method: str, url: str) -> bool:
        """Whether a request is a model call of this provider, judged by its method and URL.

        Called for every HTTP request, so it must be cheap. During an agent's turn the agent's own provider
        goes first; for requests to the agent's base URL no other provider is tried.
        """

    @abstractmethod
    def read_request(self, request: HttpRequest) -> ModelRequest | None:
        """Parse a request that :meth:`is_model_call` accepted; None if it is not a model call after all."""

    @abstractmethod
    def usage_reader(self, request: ModelRequest) -> UsageReader:
        """Create a reader for the body of the answer to ``request``."""

    @abstractmethod
    def read_refusal(
        self, status: int, headers: Mapping[str, str], body: bytes, request: ModelRequest
    ) -> Refusal | None:
        """Parse an error answer, or one event of a 200 stream; None if it is not a refusal.

        Args:
            status: HTTP status; 200 for an event.
            headers: Values by lower-case name.
            body: The decoded body, at most 1 MiB; for a stream, one event's ``event:`` and ``data:`` lines.
            request: The model call.
        """

    def resolve_model(self, model: str) -> str:
        """Return the name of the model's own pool."""
        return model

    def read_announcement(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - to override
        request: ModelRequest,  # noqa: ARG002 - to override
    ) -> Sequence[Announced]:
        """Parse the limits announced in an answer's headers."""
        return ()

    def is_preamble(self, event: bytes) -> bool:  # noqa: ARG002 - to override
        """Whether this event of a 200 stream precedes the answer proper: a refusal may still follow."""
        return False

    def is_end(self, event: bytes) -> bool:
        """Whether this event completes the answer, even if the client keeps the stream open.

        Frees what the call holds while in flight, such as its share of a concurrency limit.
        """
        return b"[DONE]" in event[-16:]
