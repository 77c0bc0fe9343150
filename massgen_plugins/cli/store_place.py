"""Which store a command looks into: the one that it is told, else the one that the settings name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from massgen_plugins.errors import ConfigurationError

if TYPE_CHECKING:
    from massgen_plugins.rate_limit.stores.redis_store import RedisStore
    from massgen_plugins.rate_limit.viewing import Holds, StoreView

__all__ = ["chosen_store", "given_store", "redis_store", "view_of"]

_MAGIC = b"SQLite format 3\0"
_BUDGETS = "budget"
"""The provider in domains of budgets, as ``budget.terms`` names it: not imported for a view of quotas."""


def chosen_store(given: str | None) -> Path | str | None:
    """The store's file, whether or not it exists, or its address; None if the settings keep limits in memory.

    Raises:
        ConfigurationError: Settings are wrong, or what was given is neither.
    """
    if given is not None:
        return given_store(given)
    from massgen_plugins.cli.settings_now import SettingsNow

    settings = SettingsNow()
    try:
        return settings.store()
    finally:
        settings.keep()


def given_store(given: str) -> Path | str:
    """The file or server that ``--store`` names.

    Raises:
        ConfigurationError: It names neither.
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
        raise ConfigurationError(f"--store: there is no such file, {shown(given)}; write the path of one.")
    if begins and begins != _MAGIC:
        raise ConfigurationError(f"--store: {shown(given)} is no store; write the path of one.")
    return path


def _begins(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_MAGIC))


def view_of(place: Path | str | None, holds: Holds | None = None, *, budgets: bool = False) -> StoreView:
    """What a store holds of quotas, or of budgets, for people to look at; nothing is changed.

    Args:
        place: The store.
        holds: What holds in a pool now; None: what a process last declared.
        budgets: Show budgets in place of quotas.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    from massgen_plugins.rate_limit.viewing import StoreView, as_declared, view_file, view_store

    if place is None:
        return StoreView(())
    if isinstance(place, Path):
        view = view_file(place, holds or as_declared)
    else:
        with redis_store(place) as store:
            view = view_store(store, holds or as_declared)
    pools = [each for each in view.pools if (each.pool.domain.provider == _BUDGETS) is budgets]
    return StoreView(pools, view.faults)


@contextmanager
def redis_store(address: str) -> Iterator[RedisStore]:
    """The store in a Redis server, closed at the end; password and user come from the environment."""
    from massgen_plugins.rate_limit.stores.redis_server import RedisServer
    from massgen_plugins.rate_limit.stores.redis_store import RedisStore

    store = RedisStore(RedisServer.parse(address))
    try:
        yield store
    finally:
        store.close()
