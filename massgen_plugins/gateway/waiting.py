"""Requests that wait upstream: how their programs are kept waiting, and how a place is kept for one."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import suppress

from aiohttp import ClientResponse, web

from massgen_plugins.gateway.patience import Patience, Way

__all__ = ["KeptPlaces", "Sent", "first_byte", "give_up", "name_of"]

Sent = asyncio.Task[ClientResponse]
"""A request on its way upstream: it waits for its admission, then for the answer's headers."""

_COMES_BACK = 60.0
"""Seconds for which the place of a program that was told to ask again is kept."""
_PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"


def name_of(secret: str, rest: str, body: bytes) -> bytes:
    """What makes two requests the same one, asked again."""
    return hashlib.sha256(b"\0".join((secret.encode(), rest.encode(), body))).digest()


async def first_byte(request: web.Request, sent: Sent, patience: Patience) -> ClientResponse | None:
    """The answer's headers; None if the program has to be told to ask again, since it would give up."""
    if patience.way is Way.HOLD:
        return await asyncio.shield(sent)
    while True:
        with suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(sent), patience.every)
        if sent.done():
            return sent.result()
        if patience.way is Way.ASK_AGAIN:
            return None
        if request.transport is not None:
            request.transport.write(_PROCESSING)


class KeptPlaces:
    """Requests whose programs were told to ask again. One that does not come back is given up."""

    def __init__(self) -> None:
        self._kept: dict[bytes, list[tuple[Sent, asyncio.TimerHandle]]] = {}

    def keep(self, name: bytes, sent: Sent) -> None:
        """Keep a request's place for a while."""
        timer = asyncio.get_running_loop().call_later(_COMES_BACK, self._lapse, name, sent)
        self._kept.setdefault(name, []).append((sent, timer))

    def take(self, name: bytes, send: Callable[[], Sent]) -> Sent:
        """The request that waits under this name, or a new one."""
        kept = self._kept.get(name)
        if not kept:
            return send()
        sent, timer = kept.pop(0)
        timer.cancel()
        if not kept:
            del self._kept[name]
        return sent

    def _lapse(self, name: bytes, sent: Sent) -> None:
        left = [pair for pair in self._kept.pop(name, []) if pair[0] is not sent]
        if left:
            self._kept[name] = left
        give_up(sent)

    def close(self) -> None:
        """Give all of them up."""
        for pairs in self._kept.values():
            for sent, timer in pairs:
                timer.cancel()
                give_up(sent)
        self._kept.clear()


def give_up(sent: Sent) -> None:
    """Nobody waits for a request any more: its place is free, and what has come of an answer is closed."""
    sent.cancel()
    sent.add_done_callback(_close)


def _close(sent: Sent) -> None:
    if not sent.cancelled() and sent.exception() is None:
        sent.result().close()
