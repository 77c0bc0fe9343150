"""Several "processes" in one test: limiters over one SQLite file, without threads, sockets or waiting.

What real processes do through a thread (the clerk) or a socket (the bell) happens here at once and in order,
so that a run can be repeated exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores.clerk import Clerk
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore

__all__ = ["MortalStore", "at_once"]


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


def _until_death(name: str) -> Callable[..., Any]:
    operation = getattr(SqliteStore, name)

    def mortal(self: MortalStore, *arguments: Any) -> Any:
        if self.dead:
            raise StoreUnavailable("the process is dead")
        return operation(self, *arguments)

    return mortal


for _name in ("configure", "take", "admit", "leave", "rebook", "forecast", "upkeep"):
    setattr(MortalStore, _name, _until_death(_name))


class _InstantBell:
    """A doorbell that is heard while it is rung."""

    doors: ClassVar[dict[int, Callable[[], None]]] = {}
    ports: ClassVar[Iterator[int]] = count(10_000)

    def __init__(self, on_ring: Callable[[], None]) -> None:
        self.port = next(self.ports)
        self.doors[self.port] = on_ring

    def ring(self, port: int) -> bool:
        if port != self.port and port in self.doors:
            self.doors[port]()
        return self.knock(port)

    def knock(self, port: int) -> bool:
        return port in self.doors or port == 0

    def close(self) -> None:
        self.doors.pop(self.port, None)


def _do_at_once(_: Clerk, job: Callable[[], Any]) -> Future[Any]:
    done: Future[Any] = Future()
    try:
        done.set_result(job())
    except Exception as error:
        done.set_exception(error)
    return done


@contextmanager
def at_once() -> Iterator[None]:
    """Within it, clerks work while they are asked, and bells are heard while they are rung."""
    _InstantBell.doors.clear()
    bell = patch("massgen_plugins.rate_limit.stores.neighbours.Doorbell", _InstantBell)
    chores = patch.object(Clerk, "remind", lambda clerk: clerk._chore())
    with bell, chores, patch.object(Clerk, "submit", _do_at_once):
        yield


def open_store(path: Path, since_boot: Callable[[], int], wall: Callable[[], int]) -> MortalStore:
    """The file as another process sees it."""
    return MortalStore(path, since_boot=since_boot, boot=lambda: "boot", wall=wall)
