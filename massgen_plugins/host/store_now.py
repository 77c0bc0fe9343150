"""What the shared store holds when a run begins; a file or a server, looked at once, and never changed."""

from __future__ import annotations

from pathlib import Path

from massgen_plugins.errors import MassgenPluginsError
from massgen_plugins.profiles.redis_address import is_redis
from massgen_plugins.rate_limit.stores.redis_server import RedisServer
from massgen_plugins.rate_limit.viewing import StoreView, Wanted, as_declared, view_file, view_store

__all__ = ["store_now"]

_MEMORY = "memory"


def store_now(store: str, wanted: Wanted) -> StoreView | None:
    """What a store holds; None for memory, and if it cannot be read: whoever uses it says what is wrong.

    Args:
        store: As in the settings.
        wanted: Whether a domain is looked at.
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
