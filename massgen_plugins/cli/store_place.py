"""The store that a command reads: the given one, else the one in the settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from massgen_plugins.errors import ConfigurationError

if TYPE_CHECKING:
    from massgen_plugins.quota import Domain
    from massgen_plugins.rate_limit.stores.redis_store import RedisStore
    from massgen_plugins.rate_limit.viewing import Holds, StoreView

__all__ = ["chosen_store", "given_store", "redis_store", "view_of"]

_MAGIC = b"SQLite format 3\0"
_BUDGETS = "budget"
"""The provider field of budget domains, see ``budget.terms``, which is not needed for quotas."""


def chosen_store(given: str | None) -> Path | str | None:
    """The store's file, existing or not, or its address; None if the settings keep limits in memory.

    Raises:
        ConfigurationError: Settings or the given store are invalid, or there is no place for a store.
    """
    if given is not None:
        return given_store(given)
    from massgen_plugins.cli.settings_now import SettingsNow

    settings = SettingsNow()
    try:
        store = settings.store()
    finally:
        settings.keep()
    if store is None:
        _require_home()
    return store


def _require_home() -> None:
    from massgen_plugins.profiles.places import default_store_path

    if default_store_path() is None:
        raise ConfigurationError("There is no home directory to keep the quota in; set HOME.")


def given_store(given: str) -> Path | str:
    """The file or server given by ``--store``.

    Raises:
        ConfigurationError: It is neither.
    """
    from massgen_plugins.profiles.document import Place, shown, wrong
    from massgen_plugins.profiles.redis_address import address_problem, is_redis

    if is_redis(given):
        if fault := address_problem(given):
            raise wrong(Place("--store"), fault)
        return given
    path = Path(given)
    try:
        found = path.is_file()
        begins = _begins(path) if found else b""
    except (OSError, ValueError):
        found, begins = False, b""
    if not found:
        raise ConfigurationError(f"--store: there is no such file: {shown(given)}; give the path of one.")
    if begins and begins != _MAGIC:
        raise ConfigurationError(f"--store: {shown(given)} is not a store; give the path of one.")
    return path


def _begins(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_MAGIC))


def view_of(place: Path | str | None, holds: Holds | None = None, *, budgets: bool = False) -> StoreView:
    """Read the quotas, or the budgets, in a store, without changing it.

    Args:
        place: The store.
        holds: Returns the current rules of a pool; None for those last declared by a process.
        budgets: Show budgets instead of quotas.

    Raises:
        StoreUnavailable: The store cannot be read.
    """
    from massgen_plugins.rate_limit.viewing import StoreView, as_declared, view_file, view_store

    def wanted(domain: Domain) -> bool:
        return (domain.provider == _BUDGETS) is budgets

    if place is None:
        return StoreView(())
    if isinstance(place, Path):
        return view_file(place, holds or as_declared, wanted)
    with redis_store(place) as store:
        return view_store(store, holds or as_declared, wanted)


@contextmanager
def redis_store(address: str) -> Iterator[RedisStore]:
    """Open the store in a Redis server, and close it on exit; user and password come from the environment."""
    from massgen_plugins.rate_limit.stores.redis_server import RedisServer
    from massgen_plugins.rate_limit.stores.redis_store import RedisStore

    store = RedisStore(RedisServer.parse(address))
    try:
        yield store
    finally:
        store.close()
