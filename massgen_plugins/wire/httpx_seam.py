"""Instruments httpx and httpx2 at ``_send_single_request``, called once for each request that is sent.

That includes redirects and the requests of an authentication flow. Timeouts start inside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from types import ModuleType
from typing import Any

from massgen_plugins.errors import CallRefused
from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.wire.exchange import Exchange, mark_written
from massgen_plugins.wire.gate import find_provider, sending
from massgen_plugins.wire.httpx_body import HeldAsyncStream, HeldSyncStream, held_stream_types
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
        found = not sending.get() and find_provider(request.method, str(request.url), _has_body, request)
        if not found:
            return await original(self, request)
        sender = HttpxSender(package, self, original, request, is_async=True)
        return await Exchange(*found, sender).run()

    return _send_single_request


def _admitting_sync(package: ModuleType, original: Send) -> Send:
    def _send_single_request(self: Any, request: Any) -> Any:
        found = not sending.get() and find_provider(request.method, str(request.url), _has_body, request)
        if not found:
            return original(self, request)
        sender = HttpxSender(package, self, original, request, is_async=False)
        return drive(Exchange(*found, sender, BridgeRunner()).run())

    return _send_single_request


def _has_body(request: Any) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


@dataclass(eq=False, repr=False)  # a text of it would contain the key
class HttpxSender:
    """One request of a client.

    Attributes:
        package: httpx or httpx2.
        client: The client that makes the request.
        original: The unwrapped method.
        request: The request.
        is_async: Whether the client is an ``AsyncClient``; a ``Client`` blocks and never suspends.
        repeatable: Whether it can be sent again.
    """

    package: ModuleType
    client: Any
    original: Send
    request: Any
    is_async: bool
    repeatable: bool = False

    def read(self) -> HttpRequest:
        """The request as it will be sent; the body is None if it is not in memory."""
        request = self.request
        body: bytes | None = None
        if hasattr(request, "_content"):
            body = request.content
        elif isinstance(request.stream, self.package.ByteStream):  # after a redirect
            body = b"".join(request.stream)
        self.repeatable = body is not None
        return HttpRequest(request.method.upper(), str(request.url), dict(request.headers.items()), body)

    async def send(self) -> HeldAsyncStream | HeldSyncStream:
        """Send the request once, leaving the body unread."""
        if not self._reports_writes():
            mark_written()
        request, extensions = self.request, self.request.extensions
        users = extensions.get("trace") or (_nothing if self.is_async else None)

        def trace(event: str, info: Mapping[str, Any]) -> Any:
            # A CONNECT request to a proxy does not count.
            if event in _WRITING and getattr(info.get("request"), "method", b"") != b"CONNECT":
                mark_written()
            return None if users is None else users(event, info)

        request.extensions = {**extensions, "trace": trace}
        try:
            response = self.original(self.client, request)
            if self.is_async:
                response = await response
        finally:
            request.extensions = extensions
        return held_stream_types(self.package)[0 if self.is_async else 1](response)

    def _reports_writes(self) -> bool:
        try:
            transport = self.client._transport_for_url(self.request.url)  # noqa: SLF001 - mounts are private
        except Exception:
            return False
        return isinstance(transport, self.package.HTTPTransport | self.package.AsyncHTTPTransport)

    def refuse(self, error: CallRefused) -> Any:
        """Return an error response that no SDK retries; an exception would look like a network error."""
        detail = {"code": 403, "message": str(error), "status": "PERMISSION_DENIED", "type": "quota_wait"}
        response = self.package.Response(
            403, headers={"x-should-retry": "false"}, json={"error": detail}, request=self.request
        )
        response.elapsed = timedelta(0)
        return response


async def _nothing(event: str, info: Mapping[str, Any]) -> None:
    """Stands for a missing trace of the user: that of an asynchronous client is awaited."""
