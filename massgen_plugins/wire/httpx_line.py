"""One request of an httpx or httpx2 client, and its answer, as the exchange sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from types import ModuleType
from typing import Any

from massgen_plugins.errors import CallRefused
from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.wire.held_stream import HeldAsyncStream, HeldSyncStream, held_stream_types
from massgen_plugins.wire.inflight import Inflight
from massgen_plugins.wire.tee import Tee

__all__ = ["AsyncHttpxLine", "SyncHttpxLine"]

_WRITING = ("http11.send_request_headers.started", "http2.send_request_headers.started")


class _HttpxLine:
    """One call of ``send``.

    Args:
        package: httpx or httpx2.
        client: Whose request it is.
        original: The method ``send`` as it was before us.
        request: The request.
        options: Keyword arguments of ``send``, without ``stream``.
    """

    def __init__(
        self,
        package: ModuleType,
        client: Any,
        original: Callable[..., Any],
        request: Any,
        options: dict[str, Any],
    ) -> None:
        self._package = package
        self._client = client
        self._original = original
        self._request = request
        self._options = options
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

    def _tells_when_it_writes(self) -> bool:
        try:
            transport = self._client._transport_for_url(self._request.url)  # noqa: SLF001 - mounts are private
        except Exception:
            return False
        return isinstance(transport, self._package.HTTPTransport | self._package.AsyncHTTPTransport)

    @contextmanager
    def _traced(self, inflight: Inflight, wrap: Callable[[Callable[..., None], Any], Any]) -> Iterator[None]:
        """Have the request tell when it is written, and give its extensions back as they were."""
        if not self._tells_when_it_writes():
            inflight.mark_written()

        def watch(event: str, info: Mapping[str, Any]) -> None:
            # Through a proxy, a request CONNECT goes first: it does not count.
            if event in _WRITING and getattr(info.get("request"), "method", b"") != b"CONNECT":
                inflight.mark_written()

        users = self._request.extensions.get("trace")
        self._request.extensions = {**self._request.extensions, "trace": wrap(watch, users)}
        try:
            yield
        finally:
            extensions = dict(self._request.extensions)
            extensions.pop("trace", None)
            self._request.extensions = extensions if users is None else {**extensions, "trace": users}


class AsyncHttpxLine(_HttpxLine):
    """One call of ``AsyncClient.send``."""

    async def send(self, inflight: Inflight) -> HttpxAnswer:
        """Send it once; the body is left unread."""
        with self._traced(inflight, _async_trace):
            response = await self._original(self._client, self._request, stream=True, **self._options)
        return HttpxAnswer(response, held_stream_types(self._package)[0](response.stream), response.aclose)


class SyncHttpxLine(_HttpxLine):
    """One call of ``Client.send``: it blocks and never suspends."""

    async def send(self, inflight: Inflight) -> HttpxAnswer:
        """Send it once; the body is left unread."""
        with self._traced(inflight, _sync_trace):
            response = self._original(self._client, self._request, stream=True, **self._options)

        async def close() -> None:
            response.close()

        return HttpxAnswer(response, held_stream_types(self._package)[1](response.stream), close)


class HttpxAnswer:
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
        self.content_encoding: str = response.headers.get("content-encoding", "")

    async def next_piece(self) -> bytes | None:
        """Take the next bytes of the body and keep them."""
        return await self._stream.hold_piece()

    async def discard(self) -> None:
        """Close it; the connection lives on if the body was over."""
        self._response.stream = self._stream
        await self._close()

    def hand_over(self, tee: Tee | None) -> Any:
        """The response itself, its stream replaced."""
        self._stream.let_pass(tee)
        self._response.stream = self._stream
        return self._response


def _async_trace(watch: Callable[..., None], users: Any) -> Any:
    async def trace(event: str, info: Mapping[str, Any]) -> None:
        watch(event, info)
        if users is not None:
            await users(event, info)

    return trace


def _sync_trace(watch: Callable[..., None], users: Any) -> Any:
    def trace(event: str, info: Mapping[str, Any]) -> Any:
        watch(event, info)
        return None if users is None else users(event, info)

    return trace
