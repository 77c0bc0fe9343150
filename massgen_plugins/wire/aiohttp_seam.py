"""Instruments aiohttp at ``ClientSession._request``, which every request of every session passes.

A session's timeouts start inside it, so that waiting for admission does not count towards them. Redirects are
followed inside it, too; a trace intercepts each one and has it admitted before it is sent.
"""

# ruff: noqa: SLF001 - a wrapper of a private method needs the session's private attributes.

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import BytesPayload, ClientResponse, ClientSession, TraceConfig, TraceRequestRedirectParams
from multidict import CIMultiDict
from yarl import URL

from massgen_plugins.errors import CallRefused
from massgen_plugins.providers.base import HttpRequest
from massgen_plugins.wire.aiohttp_body import HeldReader
from massgen_plugins.wire.answer import AnswerReader
from massgen_plugins.wire.decoding import decoded
from massgen_plugins.wire.exchange import Exchange, current, mark_written
from massgen_plugins.wire.gate import find_provider
from massgen_plugins.wrapping import Target

__all__ = ["targets"]

Request = Callable[..., Awaitable[ClientResponse]]


def targets(aiohttp: Any) -> list[Target]:
    """What to wrap in the imported module."""
    return [Target(aiohttp.ClientSession, "_request", _admitting)]


def _admitting(original: Request) -> Request:
    async def _request(
        self: ClientSession, method: str, str_or_url: Any, *args: Any, **kwargs: Any
    ) -> ClientResponse:
        if current() is not None:
            _watch(self)
            return await original(self, method, str_or_url, *args, **kwargs)
        found = find_provider(method, _whole_url(self, str_or_url), _has_body, kwargs)
        if found is None:
            return await original(self, method, str_or_url, *args, **kwargs)
        # Applied after the decision: a refusal that is retried must not be raised first.
        raise_for_status = kwargs.pop("raise_for_status", None)
        sender = AiohttpSender(self, original, (method, str_or_url, *args), kwargs)
        response: ClientResponse = await Exchange(*found, sender).run()
        await _check_status(self, response, raise_for_status)
        return response

    return _request


def _whole_url(session: ClientSession, str_or_url: Any) -> str:
    if session._base_url is None:
        return str(str_or_url)
    try:
        return str(session._build_url(str_or_url))
    except ValueError:  # aiohttp will raise it itself
        return ""


def _has_body(kwargs: Mapping[str, Any]) -> bool:
    return kwargs.get("data") is not None or kwargs.get("json") is not None


async def _check_status(session: ClientSession, response: ClientResponse, choice: Any) -> None:
    check = session._raise_for_status if choice is None else choice
    if callable(check):
        await check(response)
    elif check:
        response.raise_for_status()


@dataclass(eq=False, repr=False)  # a text of it would contain the key
class AiohttpSender:
    """One call of ``ClientSession._request``.

    Attributes:
        session: The session that makes the request.
        original: The unwrapped method.
        args: Positional arguments of the request: method, URL.
        kwargs: Keyword arguments of the request.
        repeatable: Whether it can be sent again.
    """

    session: ClientSession
    original: Request
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    repeatable: bool = False

    def read(self) -> HttpRequest:
        """The request as it will be sent; the body is None if it is not in memory."""
        method, url = self.args[:2]
        body = self._body()
        self.repeatable = body is not None
        whole_url = self.session._build_url(url)
        if params := self.kwargs.get("params"):
            whole_url = whole_url.update_query(params)
        own = CIMultiDict(self.kwargs.get("headers") or ())
        headers = {name.lower(): value for name, value in [*self.session.headers.items(), *own.items()]}
        if body is not None:  # CLI agents compress request bodies
            body = decoded(body, headers.get("content-encoding", ""))
        return HttpRequest(method.upper(), str(whole_url), headers, body)

    def _body(self) -> bytes | None:
        data, json = self.kwargs.get("data"), self.kwargs.get("json")
        if json is not None:
            data = self.session.json_serialize(json)
        match data:
            case None:
                return b""
            case str():
                return data.encode()
            case bytes() | bytearray() | memoryview():
                return bytes(data)
            case BytesPayload():
                return bytes(data._value)
            case _:
                return None

    async def send(self) -> AiohttpResponse:
        """Send the request once."""
        if not _watch(self.session):
            mark_written()
        response = await self.original(self.session, *self.args, **self.kwargs, raise_for_status=False)
        decoded = self.kwargs.get("auto_decompress")
        if decoded is None:
            decoded = self.session.auto_decompress
        return AiohttpResponse(response, decoded=decoded)

    def refuse(self, error: CallRefused) -> Any:
        """Raise the refusal unchanged: SDKs would retry aiohttp's own errors."""
        raise error


class AiohttpResponse:
    """A response whose headers have arrived.

    Args:
        response: The client's response.
        decoded: Whether the client decompresses its body.
    """

    def __init__(self, response: ClientResponse, *, decoded: bool) -> None:
        self._response = response
        self._reader = HeldReader(response.content)
        self.status = response.status
        self.headers = _lower_case(response.headers)
        self.content_encoding = "" if decoded else self.headers.get("content-encoding", "")

    async def next_piece(self, seconds: float | None) -> bytes | None:
        """Read the next bytes of the body and hold them."""
        return await self._reader.hold_piece(seconds)

    async def discard(self) -> None:
        """Release the connection if the body is complete, else close it: a stream may never end."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()

    def hand_over(self, reader: AnswerReader | None) -> ClientResponse:
        """The same response, with its content replaced."""
        self._response.content = self._reader
        self._reader.let_pass(reader)
        return self._response


async def _headers_sent(_session: ClientSession, _context: Any, _params: Any) -> None:
    mark_written()


async def _redirected(_session: ClientSession, _context: Any, redirect: TraceRequestRedirectParams) -> None:
    """Admit the redirected request if that is a model call, too."""
    exchange, response = current(), redirect.response
    location = response.headers.get("Location") or response.headers.get("URI")
    if exchange is None or exchange.request is None or location is None:
        return
    try:
        url = str(redirect.url.join(URL(location)))
    except ValueError:  # aiohttp will say so itself
        return
    keeps = response.status in (307, 308) or (response.status in (301, 302) and redirect.method != "POST")
    method, body = (redirect.method, exchange.request.body) if keeps else ("GET", b"")
    request = HttpRequest(method, url, _lower_case(redirect.headers), body)
    try:
        await exchange.hop(response.status, _lower_case(response.headers), request)
    except BaseException:
        response.close()
        raise


def _lower_case(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


_trace = TraceConfig()
_trace.on_request_headers_sent.append(_headers_sent)
_trace.on_request_redirect.append(_redirected)
_trace.freeze()


def _watch(session: ClientSession) -> bool:
    """Make the session report when it writes; False if it cannot."""
    traces = getattr(session, "_trace_configs", None)
    if traces is None:
        return False
    if _trace not in traces:
        # A new list: the old one may belong to the user.
        session._trace_configs = [*traces, _trace]
    return True
