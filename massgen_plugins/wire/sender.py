"""What the exchange needs from an HTTP client: something that sends one request, and its response."""

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
    """No piece of the body came in time; it will come to whoever reads next."""


class Head(Protocol):
    """What a response begins with."""

    @property
    def status(self) -> int:
        """HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Lower-case names."""

    @property
    def content_encoding(self) -> str:
        """How the pieces of the body are compressed; empty when the client decodes them itself."""


class NoBody(NamedTuple):
    """The head of a response whose body is out of reach."""

    status: int
    headers: Mapping[str, str]
    content_encoding: str = ""


class ReceivedResponse(Head, Protocol):
    """One response, its body not yet read."""

    async def next_piece(self, seconds: float | None) -> bytes | None:
        """Take the next bytes of the body and keep them for the client; None at its end.

        A transport error ends the body here, and is raised to the client when it gets there.

        Args:
            seconds: How long to wait for them; None: as long as the client would. A client that blocks
                its thread cannot be called back, and waits on.

        Raises:
            Late: They did not come in time.
        """

    async def discard(self) -> None:
        """Give the connection back, or close it if the body is not over."""

    def hand_over(self, reader: AnswerReader | None) -> Any:
        """The client's own response: first the pieces kept, then the rest, which ``reader`` sees too."""


class Sender(Protocol):
    """One request of one client."""

    @property
    def repeatable(self) -> bool:
        """Whether the request can be sent a second time; known after :meth:`read`."""

    def read(self) -> HttpRequest:
        """The request as it will be sent."""

    async def send(self) -> ReceivedResponse:
        """Send it once, and ``mark_written`` when its bytes leave; raises what the client raises."""

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
