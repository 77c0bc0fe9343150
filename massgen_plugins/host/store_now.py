"""Reads the shared store, a file or a server, once at the start of a run."""

from __future__ import annotations

from pathlib import Path

from massgen_plugins.errors import MassgenPluginsError
from massgen_plugins.profiles.redis_address import is_redis
from massgen_plugins.rate_limit.stores.redis_server import RedisServer
from massgen_plugins.rate_limit.viewing import StoreView, Wanted, as_declared, view_file, view_store

__all__ = ["store_now"]

_MEMORY = "memory"


def store_now(store: str, wanted: Wanted) -> StoreView | None:
    """The content of a store; None for memory, or if it cannot be read: its users will report the error.

    Args:
        store: As in the settings.
        wanted: Whether to read a domain.
    """
    try:
        if is_redis(store):
            return _of_server(store, wanted)
        return None if store == _MEMORY else view_file(Path(store), wanted=wanted)
    except (MassgenPluginsError, ImportError, OSError, ValueError):
        return None


def _of_server(store: str, wanted: Wanted) -> StoreView:
    from massgen_plugins.rate_limit.stores.redis_store import RedisStore

    opened = RedisStore(RedisServer.parse(store))
    try:
        return view_store(opened, as_declared, wanted)
    finally:
        opened.close()
