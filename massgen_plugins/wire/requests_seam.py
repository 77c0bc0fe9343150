"""Instruments requests at ``HTTPAdapter.send``, called once for each request and each redirect.

urllib3's own retries are admitted in its pause between attempts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from requests import PreparedRequest, Response
from urllib3.connection import HTTPConnection
from urllib3.util.retry import Retry

from massgen_plugins.errors import CallRefused
from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.wire.answer import AnswerReader
from massgen_plugins.wire.exchange import Exchange, current, mark_written
from massgen_plugins.wire.gate import find_provider, sending
from massgen_plugins.wire.requests_body import HeldRaw
from massgen_plugins.wire.sync_bridge import BridgeRunner, drive
from massgen_plugins.wrapping import Target

__all__ = ["targets"]


def targets(requests: Any) -> list[Target]:
    """What to wrap in the imported module and in urllib3."""
    return [
        Target(requests.adapters.HTTPAdapter, "send", _admitting),
        Target(HTTPConnection, "request", _reporting_write),
        Target(Retry, "sleep", _admitting_again),
    ]


def _admitting(original: Callable[..., Response]) -> Callable[..., Response]:
    def send(self: Any, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        found = not sending.get() and find_provider(
            request.method or "", request.url or "", _has_body, request
        )
        if not found:
            return original(self, request, *args, **kwargs)
        sender = RequestsSender(request, lambda: original(self, request, *args, **kwargs))
        response: Response = drive(Exchange(*found, sender, BridgeRunner()).run())
        return response

    return send


def _has_body(request: PreparedRequest) -> bool:
    return request.body is not None


def _reporting_write(original: Callable[..., Any]) -> Callable[..., Any]:
    def request(self: Any, *args: Any, **kwargs: Any) -> Any:
        mark_written()
        return original(self, *args, **kwargs)

    return request


def _admitting_again(original: Callable[..., None]) -> Callable[..., None]:
    def sleep(self: Any, response: Any = None) -> None:
        original(self, response)
        exchange = current()
        if exchange is not None and exchange.request is not None:
            status = 0 if response is None else response.status
            headers = {} if response is None else _lower_case(response.headers)
            drive(exchange.hop(status, headers, exchange.request))

    return sleep


def _lower_case(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@dataclass(eq=False, repr=False)  # a text of it would contain the key
class RequestsSender:
    """One request of an adapter.

    Attributes:
        request: The request.
        original: Sends it through the unwrapped method.
        repeatable: Whether it can be sent again.
    """

    request: PreparedRequest
    original: Callable[[], Response]
    repeatable: bool = False

    def read(self) -> HttpRequest:
        """The request as it will be sent; the body is None if it is not in memory."""
        request, body = self.request, self.request.body
        if body is None or isinstance(body, str):
            body = (body or "").encode()
        self.repeatable = isinstance(body, bytes)
        return HttpRequest(
            (request.method or "").upper(),
            request.url or "",
            {name.lower(): str(value) for name, value in request.headers.items()},
            body if isinstance(body, bytes) else None,
        )

    async def send(self) -> RequestsResponse:
        """Send the request once, leaving the body unread. Blocks and never suspends."""
        return RequestsResponse(self.original())

    def refuse(self, error: CallRefused) -> Response:
        """Return an error response: an exception would look like a lost connection."""
        response = Response()
        response.status_code, response.reason = 403, "Forbidden"
        response.url, response.request = self.request.url or "", self.request
        response.headers["content-type"] = "text/plain; charset=utf-8"
        response.encoding = "utf-8"
        response.raw = BytesIO(str(error).encode())
        return response


class RequestsResponse:
    """A response whose headers have arrived; urllib3 decodes its body.

    Args:
        response: The client's response.
    """

    content_encoding = ""

    def __init__(self, response: Response) -> None:
        self._response = response
        self._body = HeldRaw(response.raw)
        self.status = response.status_code
        self.headers = _lower_case(response.headers)

    async def next_piece(self, _seconds: float | None) -> bytes | None:
        """Read the next bytes of the body and hold them."""
        return self._body.hold_piece()

    async def discard(self) -> None:
        """Close the response; the connection is reused if the body was complete."""
        self._response.raw = self._body
        self._response.close()

    def hand_over(self, reader: AnswerReader | None) -> Response:
        """The same response, with its raw body replaced."""
        self._body.let_pass(reader)
        self._response.raw = self._body
        return self._response
