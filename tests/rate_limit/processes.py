"""Several "processes" in one test: limiters over one store, without threads, sockets or waiting.

What real processes do through a thread (the worker) or a socket (wake-ups) happens here at once and in order,
so that a run can be repeated exactly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, TypeAlias
from unittest.mock import patch

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores import sqlite
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.redis_server import RedisServer
from massgen_plugins.rate_limit.stores.redis_store import RedisStore
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from massgen_plugins.rate_limit.wall_clock import Start

__all__ = ["Mortal", "MortalRedisStore", "PlayedStore", "instant_wake_ups", "open_store"]


class Mortal:
    """A store whose process can be killed: from then on it reaches nothing any more."""

    dead = False
    _last_tick = 0

    def die(self) -> None:
        """As by ``kill -9``: nothing is said good-bye to."""
        self._last_tick = self.tick()
        self.dead = True
        self.close()

    def tick(self) -> int:
        return self._last_tick if self.dead else super().tick()

    def load(self, *arguments: Any, **options: Any) -> Any:
        self._check()
        return super().load(*arguments, **options)

    def swap(self, *arguments: Any, **options: Any) -> Any:
        self._check()
        return super().swap(*arguments, **options)

    def close(self) -> None:
        super().close()

    def _check(self) -> None:
        if self.dead:
            raise StoreUnavailable("the process is dead")


class MortalSqliteStore(Mortal, SqliteStore):
    """A file as one process sees it."""


class _PlayedRedisStore(RedisStore):
    """A server whose clock is that of the test, and whose messages arrive while they are sent."""

    listeners: ClassVar[dict[str, _PlayedRedisStore]] = {}
    numbers: ClassVar[Iterator[int]] = count(1)
    ready = True

    def __init__(self, server: RedisServer, clock: Callable[[], int], wall: Callable[[], int]) -> None:
        super().__init__(server, clock)
        self._test_clock, self._wall = clock, wall
        self._number = str(next(self.numbers))
        self.listeners[self._number] = self

    def tick(self) -> int:
        return self._test_clock()

    def start(self) -> Start:
        return Start(0, 0, self._wall)

    @property
    def address(self) -> str:
        return self._number

    def wake(self, address: str) -> bool:
        other = self.listeners.get(address)
        if other is not None and other is not self and other.on_wake is not None:
            _messages.send(other.on_wake)
        return True

    def close(self) -> None:
        self.listeners.pop(self._number, None)
        super().close()


class MortalRedisStore(Mortal, _PlayedRedisStore):
    """A server as one process sees it."""


PlayedStore: TypeAlias = MemoryStore | MortalSqliteStore | MortalRedisStore


class _Messages:
    """Wake-ups under way: each is received while it is sent, one after the other, however many follow."""

    def __init__(self) -> None:
        self._under_way: deque[Callable[[], None]] = deque()

    def send(self, listener: Callable[[], None]) -> None:
        self._under_way.append(listener)
        if len(self._under_way) > 1:
            return  # whoever sends the first one goes on with it
        while self._under_way:
            try:
                self._under_way[0]()
            finally:
                self._under_way.popleft()


_messages = _Messages()


class _InstantWakeUp:
    """A wake-up that is received while it is sent."""

    listeners: ClassVar[dict[int, Callable[[], None]]] = {}
    ports: ClassVar[Iterator[int]] = count(10_000)

    def __init__(self, on_wake: Callable[[], None]) -> None:
        self.port = next(self.ports)
        self.listeners[self.port] = on_wake

    def wake(self, port: int) -> bool:
        if port != self.port and port in self.listeners:
            _messages.send(self.listeners[port])
        return self.lives(port)

    def lives(self, port: int) -> bool:
        return port in self.listeners or port == 0

    def close(self) -> None:
        self.listeners.pop(self.port, None)


@contextmanager
def instant_wake_ups() -> Iterator[None]:
    """Within it, whoever is woken is awake when the sender goes on."""
    _InstantWakeUp.listeners.clear()
    with patch.object(sqlite, "WakeUp", _InstantWakeUp):
        yield


def open_store(path: Path, since_boot: Callable[[], int], wall: Callable[[], int]) -> MortalSqliteStore:
    """The file as another process sees it."""
    return MortalSqliteStore(path, since_boot=since_boot, boot=lambda: "boot", wall=wall)
