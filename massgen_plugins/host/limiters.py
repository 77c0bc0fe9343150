"""The limiters of this process: one for each store, opened when it is first needed."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from massgen_plugins.quota import Scope, ScopeRules
from massgen_plugins.rate_limit.limiter import Limiter, Wait
from massgen_plugins.rate_limit.stores.awaited import awaited
from massgen_plugins.rate_limit.stores.base import LocalStore, Store
from massgen_plugins.rate_limit.stores.beside import Beside
from massgen_plugins.rate_limit.stores.boot_clock import boot_tick
from massgen_plugins.rate_limit.stores.fallback import FallbackStore
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore

__all__ = ["Limiters"]

_MEMORY = "memory"
_REDIS = ("redis://", "rediss://")
_SERVER_TIME = "redis"

_IMPORT = 60.0
"""Seconds that the import of a client may take."""


class Limiters:
    """Opens stores, and keeps the limiter over each.

    Args:
        on_wait: Told of every wait that begins.
        rules_of: What holds in a scope now; it may change while calls wait.
        report: Told, in one sentence, of a store that cannot be used.
    """

    def __init__(
        self,
        on_wait: Callable[[Wait, object], None],
        rules_of: Callable[[Scope], ScopeRules],
        report: Callable[[str], None],
    ) -> None:
        self._on_wait = on_wait
        self._rules_of = rules_of
        self._report = report
        self._opened: dict[str, Limiter] = {}
        atexit.register(self.close)
        self._lock = threading.Lock()

    def at(self, place: str) -> Limiter:
        """The limiter over the store at ``place``: ``memory``, the path of a file, or a Redis address."""
        found = self._opened.get(place)
        if found is None:
            with self._lock:
                found = self._opened.get(place)
                if found is None:
                    found = Limiter(self._open(place), self._on_wait, self._rules_of)
                    self._opened[place] = found
        return found

    def opening(self, place: str) -> Coroutine[Any, Any, None] | None:
        """What to await before the store at ``place`` is used, so that no loop stands still; or None."""
        found = self._opened.get(place)
        if found is not None and (not isinstance(found.store, FallbackStore) or found.store.settled):
            return None
        return self._open_beside(place)

    async def _open_beside(self, place: str) -> None:
        # Even the import of a client takes longer than an event loop may stand still.
        store = (await Beside(lambda: self.at(place), "massgen-plugins-import").result(_IMPORT)).store
        if isinstance(store, FallbackStore):
            await store.open()

    def opened(self) -> list[Limiter]:
        """Those that were needed so far."""
        return list(self._opened.values())

    def close(self) -> None:
        """Bring every store up to date, and close it."""
        for limiter in self.opened():
            with suppress(Exception):  # at the end of a process there is nobody to tell
                limiter.flush()
                limiter.store.close()

    def _open(self, place: str) -> Store | LocalStore:
        if place == _MEMORY:
            return MemoryStore()
        if place.startswith(_REDIS):
            return self._open_redis(place)
        shared = awaited(SqliteStore(Path(place), self._report), beside=True)
        return FallbackStore(shared, lambda tick: awaited(MemoryStore(tick)), self._report, clock=boot_tick)

    def _open_redis(self, address: str) -> Store:
        from massgen_plugins.profiles.places import default_store_path
        from massgen_plugins.rate_limit.stores.redis.address import Address
        from massgen_plugins.rate_limit.stores.redis.store import RedisStore

        shared = RedisStore(Address.parse(address), self._report)

        def alone(tick: Callable[[], int]) -> Store:
            """While the server is away the processes of this machine share a file, in the server's time."""
            path = default_store_path()
            if path is None or not shared.was_open:  # without the server's time each process has its own
                return awaited(MemoryStore(tick))
            file = path.with_name("quota-without-redis.sqlite3")
            return awaited(SqliteStore(file, self._report, since_boot=tick, boot=lambda: _SERVER_TIME))

        return FallbackStore(shared, alone, self._report, clock=time.time_ns)
