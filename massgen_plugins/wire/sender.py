"""The exchange's interface to an HTTP client: a sender of one request, its response, and a runner."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from massgen_plugins.errors import CallRefused
from massgen_plugins.providers.base import HttpRequest

if TYPE_CHECKING:
    from massgen_plugins.wire.answer import AnswerReader

__all__ = ["Head", "Late", "NoBody", "ReceivedResponse", "Runner", "Sender"]

T = TypeVar("T")


class Late(Exception):
    """No piece of the body arrived in time; the next read will return it."""


class Head(Protocol):
    """Status and headers of a response."""

    @property
    def status(self) -> int:
        """HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Values by lower-case name."""

    @property
    def content_encoding(self) -> str:
        """Encoding of the pieces of the body; empty if the client decodes them."""


class NoBody(NamedTuple):
    """The head of a response whose body is not accessible."""

    status: int
    headers: Mapping[str, str]
    content_encoding: str = ""


class ReceivedResponse(Head, Protocol):
    """A response whose body has not been read yet."""

    async def next_piece(self, seconds: float | None) -> bytes | None:
        """Read the next bytes of the body and hold them for the client; None at its end.

        A transport error counts as the end, and is raised once the client has read up to it.

        Args:
            seconds: Timeout; None for the client's own. Ignored by clients that block their thread.

        Raises:
            Late: They did not arrive in time.
        """

    async def discard(self) -> None:
        """Release the connection, or close it if the body is incomplete."""

    def hand_over(self, reader: AnswerReader | None) -> Any:
        """The response for the client: held pieces first, then the rest, observed by ``reader``."""


class Sender(Protocol):
    """One request of one client."""

    @property
    def repeatable(self) -> bool:
        """Whether the request can be sent again; valid after :meth:`read`."""

    def read(self) -> HttpRequest:
        """The request as it will be sent."""

    async def send(self) -> ReceivedResponse:
        """Send the request once, calling ``mark_written`` when it is written; raises the client's errors."""

    def refuse(self, error: CallRefused) -> Any:
        """Refuse the call, by a response or an exception that no SDK retries."""


class Runner(Protocol):
    """Runs middleware for a caller without an event loop."""

    @property
    def urgent(self) -> bool:
        """Whether the caller blocks a running event loop while waiting."""

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run the work; interrupting the caller cancels it."""

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Run the work to completion even if the caller is interrupted."""
