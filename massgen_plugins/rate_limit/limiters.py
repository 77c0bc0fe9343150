"""The limiters of this process: one per store, created on first use."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from weakref import WeakSet

from massgen_plugins.events import CallWaits, StoreChanged, Trouble
from massgen_plugins.hookspecs import MiddlewareContext
from massgen_plugins.middleware import ModelCall
from massgen_plugins.quota import Domain
from massgen_plugins.rate_limit.limiter import DomainLimiter, Limiter
from massgen_plugins.rate_limit.stores.base import Store
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.waiter import WaitInfo

__all__ = ["Limiters", "open_store"]

MEMORY = "memory"
_REDIS = ("redis://", "rediss://")
_opened: WeakSet[Limiters] = WeakSet()


class Limiters:
    """The limiter for each store that the settings name.

    Args:
        context: Supplies settings and rules, and takes events.
    """

    def __init__(self, context: MiddlewareContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._by_store: dict[str, Limiter] = {}
        _opened.add(self)

    def of(self, domain: Domain) -> DomainLimiter:
        """The limiter of a domain, on the store that its settings name."""
        place = str(self._context.settings(domain).get("store", MEMORY))
        return self.at(place).domain(domain)

    def fallback(self, domain: Domain) -> DomainLimiter:
        """An in-memory limiter, for a domain whose own failed."""
        return self.at("").domain(domain)

    def at(self, place: str) -> Limiter:
        """The limiter on the store at ``place`` (see :func:`open_store`); in memory if empty."""
        limiter = self._by_store.get(place)
        if limiter is None:
            with self._lock:
                limiter = self._by_store.get(place)
                if limiter is None:
                    store = open_store(place or MEMORY, self._report)
                    limiter = Limiter(store, self._context.rules, self._waits, self._report)
                    limiter.on_store = self._store_changed
                    self._by_store[place] = limiter
        return limiter

    def close(self) -> None:
        """Flush and close every store."""
        for limiter in list(self._by_store.values()):
            with suppress(Exception):  # at exit nobody reads a report
                limiter.flush()
                limiter.store.close()

    def _report(self, message: str) -> None:
        self._context.emit(Trouble(message))

    def _store_changed(self, working: bool, message: str) -> None:
        self._context.emit(StoreChanged(working, message))

    def _waits(self, wait: WaitInfo) -> None:
        call = wait.call if isinstance(wait.call, ModelCall) else None
        self._context.emit(
            CallWaits(
                wait.pool,
                call.agent_id if call else None,
                wait.seconds,
                wait.place,
                wait.message,
                call.run if call else "",
                call.number if call else 0,
                str(wait.blocker.limit or ""),
                wait.blocker.reason,
                wait.again,
            )
        )


def open_store(place: str, report: Callable[[str], None]) -> Store:
    """The store at ``place``: ``memory``, a file's path, or a Redis URL. Not opened yet."""
    if place == MEMORY:
        return MemoryStore()
    if place.startswith(_REDIS):
        from massgen_plugins.rate_limit.stores.redis_server import RedisServer
        from massgen_plugins.rate_limit.stores.redis_store import RedisStore

        return RedisStore(RedisServer.parse(place))
    from massgen_plugins.rate_limit.stores.sqlite import SqliteStore

    return SqliteStore(Path(place), report)


@atexit.register
def _close_all() -> None:
    for limiters in list(_opened):
        limiters.close()
