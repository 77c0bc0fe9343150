"""Hears of room that others make, for those who wait in one event loop, and for as long as they do."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from massgen_plugins.quota import Scope
from massgen_plugins.rate_limit.stores.redis.keys import PREFIX

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.client import PubSub

__all__ = ["Listener"]

_LINGER = 1.0
"""Seconds between two looks at whether anybody still waits."""


class Listener:
    """Listens for one event loop. A message that is lost costs little: who waits asks by itself, too.

    Args:
        client: Of that loop.
        heard: Called with the name of the book in which there may be room.
    """

    def __init__(self, client: Redis, heard: Callable[[str], None]) -> None:
        self._client = client
        self._heard = heard
        self.waiting: set[tuple[Scope, str]] = set()
        """The lanes that wait."""
        self._subscribed: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def attend(self, scope: Scope, lane: str) -> None:
        """A lane waits."""
        self.waiting.add((scope, lane))
        if self._task is None or self._task.done():
            # In a context of its own: what a waiter's task carries with it is not everybody's.
            self._task = asyncio.get_running_loop().create_task(self._listen(), context=contextvars.Context())

    def rest(self, scope: Scope, lane: str) -> None:
        """A lane waits no more."""
        self.waiting.discard((scope, lane))

    async def _listen(self) -> None:
        from redis.exceptions import RedisError

        self._subscribed = set()
        ear = self._client.pubsub(ignore_subscribe_messages=True)
        try:
            with suppress(RedisError, OSError):  # not allowed, or not reachable: then lanes ask by themselves
                while self.waiting:
                    await self._subscribe(ear)
                    message = await ear.get_message(timeout=_LINGER)
                    if message is not None:
                        self._heard(message["data"].decode(errors="replace"))
        finally:
            with suppress(RedisError, OSError):
                await ear.aclose()  # type: ignore[no-untyped-call]

    async def _subscribe(self, ear: PubSub) -> None:
        missing = {lane for _, lane in self.waiting} - self._subscribed
        if missing:
            await ear.subscribe(*(f"{PREFIX}wake:{lane}" for lane in missing))
            self._subscribed |= missing
