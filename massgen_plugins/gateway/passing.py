"""Forwards a request and streams its answer back unchanged, until either side closes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from aiohttp import BytesPayload, ClientError, ClientResponse, ClientSession, Payload, web
from yarl import URL

from massgen_plugins.errors import CallRefused
from massgen_plugins.gateway import headers, replies
from massgen_plugins.gateway.entrance import Entrance
from massgen_plugins.gateway.waiting import KeptPlaces, Sent, first_byte, give_up, name_of

__all__ = ["Passing"]


class _Body(BytesPayload):
    """A body in memory of any size, without aiohttp's warning above one megabyte."""

    def __init__(self, value: bytes) -> None:
        Payload.__init__(self, value)
        self._size = len(value)


class Passing:
    """Forwards the requests of one gateway.

    Args:
        session: Sends them upstream.
        fault: Called with the place and the exception of an internal error.
    """

    def __init__(self, session: ClientSession, fault: Callable[[str, BaseException], None]) -> None:
        self._session = session
        self._fault = fault
        self.kept = KeptPlaces()

    async def answer(
        self, request: web.Request, entrance: Entrance, secret: str, rest: str
    ) -> web.StreamResponse:
        """Answer a program's request with its provider's answer."""
        body = await request.read()
        name = name_of(secret, rest, body)
        try:
            sent = self.kept.take(name, lambda: self._send(request, entrance, rest, body))
            response = await _first_byte(request, sent, entrance)
        except CallRefused as refusal:
            return replies.refused(str(refusal))
        except (ClientError, OSError):  # includes timeouts
            return replies.unreachable()
        except Exception as error:  # the program must get an answer despite an internal error
            self._fault("gateway", error)
            return replies.unreachable()
        if response is None:
            self.kept.keep(name, sent)
            return replies.ask_again()
        with suppress(Exception):
            entrance.seen(response.status, headers.lower_case(response.headers))
        try:
            return await _pass_back(request, response)
        finally:
            response.close()

    def _send(self, request: web.Request, entrance: Entrance, rest: str, body: bytes) -> Sent:
        base = entrance.upstream(headers.lower_case(request.headers)).rstrip("/")
        method, url = request.method, URL(base + rest, encoded=True)
        sent = headers.of_request(request.headers)

        async def send() -> ClientResponse:
            with entrance.scope():
                return await self._session.request(
                    method,
                    url,
                    headers=sent,
                    data=_Body(body) if body else None,
                    allow_redirects=False,
                    skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
                )

        return asyncio.ensure_future(send())


async def _first_byte(request: web.Request, sent: Sent, entrance: Entrance) -> ClientResponse | None:
    try:
        return await first_byte(request, sent, entrance.patience)
    except asyncio.CancelledError:  # the program has disconnected: give up its place in the queue
        give_up(sent)
        raise


async def _pass_back(request: web.Request, response: ClientResponse) -> web.StreamResponse:
    answer = web.StreamResponse(
        status=response.status, reason=response.reason, headers=headers.of_answer(response.headers)
    )
    await answer.prepare(request)
    try:
        async for piece in response.content.iter_any():
            await answer.write(piece)
    except ClientError:
        _cut(request)
    else:
        await answer.write_eof()
    return answer


def _cut(request: web.Request) -> None:
    """Break the connection as the provider did, so that a partial answer does not look complete."""
    if request.transport is not None:
        request.transport.abort()
