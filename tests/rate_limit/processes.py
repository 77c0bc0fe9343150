"""Several "processes" in one test: limiters over one SQLite file, without threads, sockets or waiting.

What real processes do through a thread (the worker) or a socket (wake-ups) happens here at once and in order,
so that a run can be repeated exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores import sqlite
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore

__all__ = ["MortalStore", "instant_wake_ups", "open_store"]


class MortalStore(SqliteStore):
    """A SQLite store whose process can be killed: from then on it reaches the file no more."""

    dead = False

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

    def _check(self) -> None:
        if self.dead:
            raise StoreUnavailable("the process is dead")


class _InstantWakeUp:
    """A wake-up that is received while it is sent."""

    listeners: ClassVar[dict[int, Callable[[], None]]] = {}
    ports: ClassVar[Iterator[int]] = count(10_000)

    def __init__(self, on_wake: Callable[[], None]) -> None:
        self.port = next(self.ports)
        self.listeners[self.port] = on_wake

    def wake(self, port: int) -> bool:
        if port != self.port and port in self.listeners:
            self.listeners[port]()
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


def open_store(path: Path, since_boot: Callable[[], int], wall: Callable[[], int]) -> MortalStore:
    """The file as another process sees it."""
    return MortalStore(path, since_boot=since_boot, boot=lambda: "boot", wall=wall)
