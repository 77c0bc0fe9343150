"""What an event loop needs to use a server: its own client, an ear, and somebody who carries news."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from massgen_plugins.rate_limit.stores.redis.listener import Listener
from massgen_plugins.rate_limit.stores.redis.scripts import Word
from massgen_plugins.rate_limit.stores.redis.watch import ANSWER, Watch

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.connection import AbstractConnection

__all__ = ["Station", "Stations"]

_LULL = 0.005
"""Seconds for which news waits for a call that takes it along, which costs next to nothing."""

_LET_IN = 2.0
"""Seconds that a server may take to let somebody in."""


class Station:
    """What one event loop has.

    Args:
        client: That loop's.
        heard: Called with the name of a book in which there may be room.
    """

    _pack: Callable[[Sequence[Word]], bytes] | None = None

    def __init__(self, client: Redis, heard: Callable[[str], None]) -> None:
        from redis.exceptions import ResponseError

        with suppress(ImportError):  # without it all is slower
            self._pack = import_module("hiredis").pack_command
        self.client = client
        self.listener = Listener(client, heard)
        self._refusal = ResponseError
        self._idle: list[AbstractConnection] = []
        self._watch = Watch()
        self._leaves: asyncio.TimerHandle | None = None
        self._courier: asyncio.Task[None] | None = None
        # From here on the loop knows the generator, and ends it when it ends.
        self._guard = _close_with_loop(client)
        with suppress(StopIteration):
            self._guard.__anext__().send(None)

    async def exchange(self, words: Sequence[Word]) -> Any:
        """Send a command and await its answer, which may be an exception of the server.

        The client's own way (``execute_command``) takes a connection from the pool for each command, and
        packs it in Python: that is half of the time of the whole exchange.
        """
        connection = self._idle.pop() if self._idle else await self._connect()
        watch = self._watch
        watch.begin()
        try:
            packed = self._pack(words) if self._pack else connection.pack_command(*words)
            await connection.send_packed_command(packed, check_health=False)
            reply = await connection.read_response()
        except self._refusal:
            self._idle.append(connection)
            raise
        except BaseException as error:
            await self._give_up(connection)
            if watch.was_late(error):
                raise TimeoutError(f"no answer within {ANSWER:g} s") from None
            raise
        finally:
            watch.end()
        self._idle.append(connection)
        return reply

    async def _connect(self) -> AbstractConnection:
        async with asyncio.timeout(_LET_IN):
            pool = self.client.connection_pool
            connection: AbstractConnection = await pool.get_connection()  # type: ignore[no-untyped-call]
            return connection

    async def _give_up(self, connection: AbstractConnection) -> None:
        """Nobody knows what will still arrive there; and what happened to one may have happened to all."""
        idle, self._idle = self._idle, []
        for each in (connection, *idle):
            with suppress(Exception):
                await each.disconnect(nowait=True)
                await self.client.connection_pool.release(each)

    def send(self, deliver: Callable[[Station], Coroutine[Any, Any, None]]) -> None:
        """Have it delivered soon, unless somebody is on the way already, or about to go."""
        if self._leaves is None and (self._courier is None or self._courier.done()):
            # In a context of its own: what the caller's task carries with it is not everybody's.
            loop, context = asyncio.get_running_loop(), contextvars.Context()
            self._leaves = loop.call_later(_LULL, self._go, deliver, context=context)

    def _go(self, deliver: Callable[[Station], Coroutine[Any, Any, None]]) -> None:
        self._leaves = None
        self._courier = asyncio.get_running_loop().create_task(deliver(self))


class Stations:
    """One for each event loop; loops may come and go.

    Args:
        client: Makes a client.
        heard: Called, in the loop that listens, with the name of a book in which there may be room.
    """

    def __init__(self, client: Callable[[], Redis], heard: Callable[[str], None]) -> None:
        self._client = client
        self._heard = heard
        self._lock = threading.Lock()
        self._known: dict[int, tuple[weakref.ref[asyncio.AbstractEventLoop], Station]] = {}

    def here(self) -> Station:
        """That of the running event loop; raises RuntimeError if none runs in this thread."""
        loop = asyncio.get_running_loop()
        found = self._known.get(id(loop))
        if found is not None and found[0]() is loop:
            return found[1]
        station = Station(self._client(), self._heard)
        with self._lock:
            for old in [old for old, (other, _) in self._known.items() if _is_over(other())]:
                del self._known[old]
            self._known[id(loop)] = weakref.ref(loop), station
        return station

    def forget(self) -> None:
        """Leave everything to the process that opened it."""
        self._known = {}


async def _close_with_loop(client: Redis) -> AsyncGenerator[None]:
    """Closes a client when its event loop shuts its asynchronous generators down."""
    try:
        yield
    finally:
        await client.aclose()


def _is_over(loop: asyncio.AbstractEventLoop | None) -> bool:
    return loop is None or loop.is_closed()
