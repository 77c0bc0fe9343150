"""The sources of this user's metrics, according to the settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from massgen_plugins.profiles.loading import read_settings
from massgen_plugins.profiles.places import find_places
from massgen_plugins.profiles.redis_address import is_redis
from massgen_plugins.profiles.settings import MEMORY
from massgen_plugins.rate_limit.viewing import StoreView, view_file, view_store

__all__ = ["record_of_settings", "view_of_settings"]


def view_of_settings() -> Callable[[], StoreView]:
    """Return a function that reads the store in the settings."""
    store = read_settings(find_places()).store
    if store == MEMORY:
        return lambda: StoreView(())
    if is_redis(store):
        return lambda: _view_server(store)
    return lambda: view_file(Path(store))


def record_of_settings() -> Path | None:
    """The record of calls in the settings; None if there is none."""
    record = read_settings(find_places()).record
    return Path(record.file) if record is not None and record.keep and record.file else None


def _view_server(address: str) -> StoreView:
    from massgen_plugins.rate_limit.stores.redis_server import RedisServer
    from massgen_plugins.rate_limit.stores.redis_store import RedisStore

    store = RedisStore(RedisServer.parse(address))
    try:
        return view_store(store)
    finally:
        store.close()
