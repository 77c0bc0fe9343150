"""What the exchange needs from an HTTP client: a line to send one request on, and its answer."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any, Protocol, TypeVar

from massgen_plugins.errors import CallRefused
from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.wire.inflight import Inflight
from massgen_plugins.wire.tee import Tee

__all__ = ["Answer", "Line", "Runner"]

T = TypeVar("T")


class Answer(Protocol):
    """One response, its body not yet read."""

    @property
    def status(self) -> int:
        """HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Lower-case names."""

    @property
    def content_encoding(self) -> str:
        """How the pieces are compressed; empty when the client decodes them itself."""

    async def next_piece(self) -> bytes | None:
        """Take the next bytes of the body and keep them for the client; None at its end.

        A transport error ends the body here, and is raised to the client when it gets there.
        """

    async def discard(self) -> None:
        """Give the connection back, or close it if the body is not over."""

    def hand_over(self, tee: Tee | None) -> Any:
        """The client's own response: first the pieces kept, then the rest, read along by ``tee``."""


class Line(Protocol):
    """One request of one client."""

    @property
    def repeatable(self) -> bool:
        """Whether the request can be sent a second time; known after :meth:`read`."""

    def read(self) -> HttpRequest:
        """The request as it will be sent."""

    async def send(self, inflight: Inflight) -> Answer:
        """Send it once, and tell ``inflight`` when its bytes leave; raises what the client raises."""

    def refuse(self, error: CallRefused) -> Any:
        """Tell the client no, by a response or by raising, so that no SDK sends the request again."""


class Runner(Protocol):
    """Where middleware runs."""

    @property
    def urgent(self) -> bool:
        """Whether the caller blocks a running event loop meanwhile."""

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it; a cancelled caller cancels it."""

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it to its end even if the caller is cancelled meanwhile."""
