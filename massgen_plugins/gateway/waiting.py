"""Keeps programs waiting for pending upstream requests, across their retries."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import suppress

from aiohttp import ClientResponse, web

from massgen_plugins.gateway.patience import Patience, Way

__all__ = ["KeptPlaces", "Sent", "first_byte", "give_up", "name_of"]

Sent = asyncio.Task[ClientResponse]
"""An upstream request: waits for its admission, then for the response headers."""

_COMES_BACK = 60.0
"""Seconds for which a pending request is kept for a program that was asked to retry."""
_PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"


def name_of(secret: str, rest: str, body: bytes) -> bytes:
    """A key that identifies a request across retries."""
    return hashlib.sha256(b"\0".join((secret.encode(), rest.encode(), body))).digest()


async def first_byte(request: web.Request, sent: Sent, patience: Patience) -> ClientResponse | None:
    """Wait for the response headers; None if the program must be asked to retry before its timeout."""
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
    """Pending requests whose programs were asked to retry. Cancelled if the program does not return."""

    def __init__(self) -> None:
        self._kept: dict[bytes, list[tuple[Sent, asyncio.TimerHandle]]] = {}

    def keep(self, name: bytes, sent: Sent) -> None:
        """Keep a pending request for a limited time."""
        timer = asyncio.get_running_loop().call_later(_COMES_BACK, self._lapse, name, sent)
        self._kept.setdefault(name, []).append((sent, timer))

    def take(self, name: bytes, send: Callable[[], Sent]) -> Sent:
        """The pending request of this name, or a new one."""
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
        """Cancel all of them."""
        for pairs in self._kept.values():
            for sent, timer in pairs:
                timer.cancel()
                give_up(sent)
        self._kept.clear()


def give_up(sent: Sent) -> None:
    """Cancel a request that is no longer wanted, and close its response if there is one."""
    sent.cancel()
    sent.add_done_callback(_close)


def _close(sent: Sent) -> None:
    if not sent.cancelled() and sent.exception() is None:
        sent.result().close()
