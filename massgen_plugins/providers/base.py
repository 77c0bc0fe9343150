"""What a provider plugin must know: which requests are model calls, and what its answers mean.

Objects are stateless and shared by threads; none of their methods raises, whatever it is given. A provider
derives from :class:`Provider` and overrides what its traffic needs.
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
        model: The resolved model.
        credential: What names the account: API key, project or token; for fingerprinting only, never stored.
        endpoint: Host (and port) when it is not the provider's own; else empty.
        charges: What it books, by kind: one request, and upper bounds or forecasts of its tokens.
        stream: Whether the answer will be a stream of events.
        pools: Names of the pools that it books in, its model's own first; empty: the model's own alone.
        max_output: The bound on output tokens that is sent with it; None if none is.
        host: Lower-case host of the URL, for readers that differ by host.
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
    """Reads usage out of an answer's decoded body, piece by piece, without changing it."""

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body, cut anywhere."""

    def usage(self) -> Usage | None:
        """What has been reported so far; None before the first report."""


class Provider(ABC):
    """One provider's traffic."""

    name: str
    """Name in profiles and domains, such as ``gemini``: a-z, 0-9, ``.``, ``-``, ``_``."""

    conventions = Conventions()
    """How it counts."""

    @abstractmethod
    def serves(self, backend_type: str, base_url: str | None) -> bool:
        """Whether a MassGen backend of this type (lower case), with this base URL if one is set, is its own.

        Asked once for each agent, of third parties' providers first; the first that says yes is the agent's.
        """

    @abstractmethod
    def is_model_call(self, method: str, url: str) -> bool:
        """Whether a request is a model call of this provider, from its method and URL alone.

        Cheap: asked of every request. In an agent's turn the agent's own provider is asked first, and of
        requests to that agent's base URL nobody else.
        """

    @abstractmethod
    def read_request(self, request: HttpRequest) -> ModelRequest | None:
        """Read a request for which :meth:`is_model_call` said yes; None if it is not one after all."""

    @abstractmethod
    def usage_reader(self, request: ModelRequest) -> UsageReader:
        """A fresh reader for the body of an answer to ``request``."""

    @abstractmethod
    def read_refusal(
        self, status: int, headers: Mapping[str, str], body: bytes, request: ModelRequest
    ) -> Refusal | None:
        """Read an error answer, or one event of a 200 stream; None if it is not a refusal.

        Args:
            status: HTTP status; 200 for an event.
            headers: Lower-case names.
            body: The decoded body, at most 1 MiB; of a stream one event, its ``event:`` and ``data:`` lines.
            request: What was asked.
        """

    def resolve_model(self, model: str) -> str:
        """The name of the model's own pool."""
        return model

    def read_announcement(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - to override
        request: ModelRequest,  # noqa: ARG002 - to override
    ) -> Sequence[Announced]:
        """What an answer's headers say of limits."""
        return ()

    def is_preamble(self, event: bytes) -> bool:  # noqa: ARG002 - to override
        """Whether a refusal may still follow this event of a 200 stream before any part of the answer."""
        return False

    def is_end(self, event: bytes) -> bool:
        """Whether an answer of events is complete with this one, though a client may keep the stream open.

        What a call holds while it is under way, such as one of a few places, is then free.
        """
        return b"[DONE]" in event[-16:]
