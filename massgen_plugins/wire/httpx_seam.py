"""The seam in httpx and httpx2: ``_send_single_request`` of both clients, once for each request that leaves.

Redirects and the requests of an authentication flow come by here one by one; timeouts begin below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from types import ModuleType
from typing import Any

from massgen_plugins.errors import CallRefused
from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.wire.answer import AnswerReader
from massgen_plugins.wire.exchange import Exchange, current
from massgen_plugins.wire.gate import find_provider
from massgen_plugins.wire.httpx_body import HeldAsyncStream, HeldSyncStream, held_stream_types
from massgen_plugins.wire.loop_runner import LoopRunner
from massgen_plugins.wire.sync_bridge import BridgeRunner, drive
from massgen_plugins.wrapping import Target

__all__ = ["targets"]

Send = Callable[..., Any]

_WRITING = ("http11.send_request_headers.started", "http2.send_request_headers.started")


def targets(package: ModuleType) -> list[Target]:
    """What to wrap in the imported package."""
    return [
        Target(package.AsyncClient, "_send_single_request", partial(_admitting_async, package)),
        Target(package.Client, "_send_single_request", partial(_admitting_sync, package)),
    ]


def _admitting_async(package: ModuleType, original: Send) -> Send:
    async def _send_single_request(self: Any, request: Any) -> Any:
        found = current() is None and find_provider(
            request.method, str(request.url), partial(_has_body, request)
        )
        if not found:
            return await original(self, request)
        sender = AsyncHttpxSender(package, self, original, request)
        return await Exchange(*found, sender, LoopRunner()).run()

    return _send_single_request


def _admitting_sync(package: ModuleType, original: Send) -> Send:
    def _send_single_request(self: Any, request: Any) -> Any:
        found = current() is None and find_provider(
            request.method, str(request.url), partial(_has_body, request)
        )
        if not found:
            return original(self, request)
        sender = SyncHttpxSender(package, self, original, request)
        return drive(Exchange(*found, sender, BridgeRunner()).run())

    return _send_single_request


def _has_body(request: Any) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


class _HttpxSender:
    """One request of a client.

    Args:
        package: httpx or httpx2.
        client: Whose request it is.
        original: The client's method as it was before us.
        request: The request.
    """

    def __init__(self, package: ModuleType, client: Any, original: Send, request: Any) -> None:
        self._package = package
        self._client = client
        self._original = original
        self._request = request
        self.repeatable = False

    def read(self) -> HttpRequest:
        """The request as it will be sent; a body that is not in memory stays unknown."""
        request = self._request
        body: bytes | None
        try:
            body = request.content
        except self._package.RequestNotRead:
            body = None
        self.repeatable = body is not None
        return HttpRequest(request.method.upper(), str(request.url), dict(request.headers.items()), body)

    def refuse(self, error: CallRefused) -> Any:
        """Answer so that no SDK sends again; an exception it would take for a lost connection."""
        detail = {"code": 403, "message": str(error), "status": "PERMISSION_DENIED", "type": "quota_wait"}
        response = self._package.Response(
            403, headers={"x-should-retry": "false"}, json={"error": detail}, request=self._request
        )
        response.elapsed = timedelta(0)
        return response

    def _watch(self, mark_written: Callable[[], None]) -> Callable[[str, Mapping[str, Any]], None]:
        """Have the request tell when it is written; returns what it tells to."""
        try:
            transport = self._client._transport_for_url(self._request.url)  # noqa: SLF001 - mounts are private
        except Exception:
            transport = None
        if not isinstance(transport, self._package.HTTPTransport | self._package.AsyncHTTPTransport):
            mark_written()

        def watch(event: str, info: Mapping[str, Any]) -> None:
            # Through a proxy, a request CONNECT goes first: it does not count.
            if event in _WRITING and getattr(info.get("request"), "method", b"") != b"CONNECT":
                mark_written()

        return watch


class AsyncHttpxSender(_HttpxSender):
    """One request of an ``AsyncClient``."""

    async def send(self, mark_written: Callable[[], None]) -> HttpxResponse:
        """Send it once; the body is left unread."""
        watch, extensions = self._watch(mark_written), self._request.extensions
        users = extensions.get("trace")

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            watch(event, info)
            if users is not None:
                await users(event, info)

        self._request.extensions = {**extensions, "trace": trace}
        try:
            response = await self._original(self._client, self._request)
        finally:
            self._request.extensions = extensions
        return HttpxResponse(response, held_stream_types(self._package)[0](response.stream), response.aclose)


class SyncHttpxSender(_HttpxSender):
    """One request of a ``Client``: it blocks and never suspends."""

    async def send(self, mark_written: Callable[[], None]) -> HttpxResponse:
        """Send it once; the body is left unread."""
        watch, extensions = self._watch(mark_written), self._request.extensions
        users = extensions.get("trace")

        def trace(event: str, info: Mapping[str, Any]) -> Any:
            watch(event, info)
            return None if users is None else users(event, info)

        self._request.extensions = {**extensions, "trace": trace}
        try:
            response = self._original(self._client, self._request)
        finally:
            self._request.extensions = extensions

        async def close() -> None:
            response.close()

        return HttpxResponse(response, held_stream_types(self._package)[1](response.stream), close)


class HttpxResponse:
    """A response whose headers have come.

    Args:
        response: The client's response.
        stream: Its body.
        close: Closes the response.
    """

    def __init__(
        self, response: Any, stream: HeldAsyncStream | HeldSyncStream, close: Callable[[], Any]
    ) -> None:
        self._response = response
        self._stream = stream
        self._close = close
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = dict(response.headers.items())
        self.content_encoding = self.headers.get("content-encoding", "")

    async def next_piece(self, seconds: float | None) -> bytes | None:
        """Take the next bytes of the body and keep them."""
        return await self._stream.hold_piece(seconds)

    async def discard(self) -> None:
        """Close it; the connection lives on if the body was over."""
        self._response.stream = self._stream
        await self._close()

    def hand_over(self, reader: AnswerReader | None) -> Any:
        """The response itself, its stream replaced."""
        self._stream.let_pass(reader)
        self._response.stream = self._stream
        return self._response
