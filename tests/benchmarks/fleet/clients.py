"""What stands for the clients of ``redis`` in the simulation: as much of them as our Redis store uses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

from massgen_plugins.rate_limit.stores.redis.stations import Station
from tests.benchmarks.fleet.server import Server

__all__ = ["stand_ins"]


@contextmanager
def stand_ins(server: Server) -> Iterator[None]:
    """Every client that is made within the block speaks with the simulated server."""

    async def exchange(_: Station, words: Sequence[Any]) -> Any:
        return await server.do(tuple(words))

    with (
        mock.patch.object(Station, "exchange", exchange),
        mock.patch("redis.Redis", side_effect=lambda **_: _Plain(server)),
        mock.patch("redis.asyncio.Redis", side_effect=lambda **_: _Awaited(server)),
    ):
        yield


class _Plain:
    """``redis.Redis``: for what is done before the simulation begins."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def execute_command(self, *words: Any) -> Any:
        return self._server.do_now(words)

    def close(self) -> None:
        """Nothing was opened."""


class _Awaited:
    """``redis.asyncio.Redis``."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def pubsub(self, **_: Any) -> _Ear:
        return _Ear(self._server)

    async def aclose(self) -> None:
        """Nothing was opened."""


class _Ear:
    """``redis.asyncio.client.PubSub``."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._channels: list[str] = []
        self._messages: asyncio.Queue[dict[str, bytes]] = asyncio.Queue()

    async def subscribe(self, *channels: str) -> None:
        for channel in channels:
            self._channels.append(channel)
            self._server.listeners[channel] = lambda data: self._messages.put_nowait({"data": data})

    async def get_message(self, timeout: float) -> dict[str, bytes] | None:  # noqa: ASYNC109 - as redis has it
        try:
            return await asyncio.wait_for(self._messages.get(), timeout)
        except TimeoutError:
            return None

    async def aclose(self) -> None:
        for channel in self._channels:
            self._server.listeners.pop(channel, None)
