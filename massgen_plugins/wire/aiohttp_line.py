"""One request of an aiohttp session, and its answer, as the exchange sees them."""

# ruff: noqa: SLF001 - aiohttp says neither the whole URL nor, later on, its traces in public.

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import ClientResponse, ClientSession, TraceConfig
from multidict import CIMultiDict

from massgen_plugins.errors import CallRefused
from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.wire.aiohttp_reader import HeldReader
from massgen_plugins.wire.inflight import Inflight, current
from massgen_plugins.wire.tee import Tee

__all__ = ["AiohttpLine", "watch"]


class AiohttpLine:
    """One call of ``ClientSession._request``.

    Args:
        session: Whose request it is.
        original: The method as it was before us.
        args: Positional arguments of the request: method, URL.
        kwargs: Its keyword arguments.
    """

    def __init__(
        self,
        session: ClientSession,
        original: Callable[..., Awaitable[ClientResponse]],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self._session = session
        self._original = original
        self._args = args
        self._kwargs = kwargs
        self.repeatable = False

    def read(self) -> HttpRequest:
        """The request as it will be sent; a body that is not in memory stays unknown."""
        method, url = self._args[:2]
        body = self._body()
        self.repeatable = body is not None
        whole_url = self._session._build_url(url)
        if params := self._kwargs.get("params"):
            whole_url = whole_url.update_query(params)
        return HttpRequest(method.upper(), str(whole_url), self._headers(), body)

    def _headers(self) -> dict[str, str]:
        own = CIMultiDict(self._kwargs.get("headers") or ())
        merged = [*self._session.headers.items(), *own.items()]
        return {name.lower(): value for name, value in merged}

    def _body(self) -> bytes | None:
        data, json = self._kwargs.get("data"), self._kwargs.get("json")
        if json is not None:
            data = self._session.json_serialize(json)
        match data:
            case None:
                return b""
            case str():
                return data.encode()
            case bytes() | bytearray() | memoryview():
                return bytes(data)
            case _:
                return None

    async def send(self, inflight: Inflight) -> AiohttpAnswer:
        """Send it once."""
        if not watch(self._session):
            inflight.mark_written()
        response = await self._original(self._session, *self._args, **self._kwargs, raise_for_status=False)
        decoded = self._kwargs.get("auto_decompress")
        if decoded is None:
            decoded = self._session.auto_decompress
        return AiohttpAnswer(response, decoded=decoded)

    def refuse(self, error: CallRefused) -> Any:
        """Raise it as it is: the SDKs send again after aiohttp's own errors."""
        raise error


class AiohttpAnswer:
    """A response whose headers have come."""

    def __init__(self, response: ClientResponse, *, decoded: bool) -> None:
        self._response = response
        self._reader = HeldReader(response.content)
        self.status = response.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
        self.content_encoding = "" if decoded else self.headers.get("content-encoding", "")

    async def next_piece(self) -> bytes | None:
        """Take the next bytes of the body and keep them."""
        return await self._reader.hold_piece()

    async def discard(self) -> None:
        """Give the connection back if the body is over, else close it: a stream may have no end."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()

    def hand_over(self, tee: Tee | None) -> ClientResponse:
        """The response itself, its content replaced."""
        self._reader.let_pass(tee)
        self._response.content = self._reader
        return self._response


async def _headers_sent(_session: ClientSession, _context: Any, _params: Any) -> None:
    inflight = current()
    if inflight is not None:
        inflight.mark_written()


_trace = TraceConfig()
_trace.on_request_headers_sent.append(_headers_sent)
_trace.freeze()


def watch(session: ClientSession) -> bool:
    """Have the session tell when it writes; False if it cannot."""
    traces = getattr(session, "_trace_configs", None)
    if traces is None:
        return False
    if _trace not in traces:
        # A new list: the old one may be the user's own.
        session._trace_configs = [*traces, _trace]
    return True
