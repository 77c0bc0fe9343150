"""Which store a command looks into: the one that it is told, else the one that the settings name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from massgen_plugins.cli.output import say
from massgen_plugins.errors import ConfigurationError

if TYPE_CHECKING:
    from massgen_plugins.rate_limit.stores.base import Store
    from massgen_plugins.rate_limit.stores.redis_store import RedisStore
    from massgen_plugins.rate_limit.viewing import StoreView

__all__ = ["StoreOption", "chosen_store", "opened_store", "redis_store", "view_of"]

_BUDGETS = "budget"
"""The provider in domains of budgets, as ``budget.terms`` names it: not imported for a view of quotas."""
_MAGIC = b"SQLite format 3\0"

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="FILE",
        help="Another store than the one that the settings name; a file, or redis://HOST:6379/0.",
    ),
]


def chosen_store(given: str | None) -> Path | str | None:
    """The store's file, whether or not it exists, or its address; None if the settings keep limits in memory.

    Raises:
        ConfigurationError: Settings are wrong, or what was given is neither.
    """
    from massgen_plugins.profiles.document import Place, shown, wrong
    from massgen_plugins.profiles.redis_address import address_problem, is_redis

    if given is None:
        from massgen_plugins.cli.places import current_places
        from massgen_plugins.profiles.loading import read_settings
        from massgen_plugins.profiles.settings import MEMORY

        store = read_settings(current_places()).store
        if store == MEMORY:
            return None
        return store if is_redis(store) else Path(store)
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


def view_of(place: Path | str | None, *, budgets: bool = False) -> StoreView:
    """What a store holds of quotas, or of budgets, for people to look at; nothing is changed.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    from massgen_plugins.rate_limit.viewing import StoreView, view_file, view_store

    if place is None:
        return StoreView(())
    if isinstance(place, Path):
        view = view_file(place)
    else:
        with redis_store(place) as store:
            view = view_store(store)
    pools = [each for each in view.pools if (each.pool.domain.provider == _BUDGETS) is budgets]
    return StoreView(pools, view.faults)


@contextmanager
def opened_store(place: Path | str) -> Iterator[Store]:
    """A store to be changed, closed at the end."""
    if isinstance(place, str):
        with redis_store(place) as server:
            yield server
        return
    from massgen_plugins.rate_limit.stores.sqlite import SqliteStore

    file = SqliteStore(place, say)
    try:
        yield file
    finally:
        file.close()


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
