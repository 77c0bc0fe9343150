"""Which store a command looks into: the one that it is told, else the one that the settings name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from massgen_plugins.errors import ConfigurationError

if TYPE_CHECKING:
    from massgen_plugins.rate_limit.stores.base import ScopeView
    from massgen_plugins.rate_limit.stores.redis.store import RedisStore

__all__ = ["StoreOption", "chosen_store", "redis_store", "scopes_in"]

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


def scopes_in(place: Path | str) -> list[ScopeView]:
    """All scopes of a store, for people to look at.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    if isinstance(place, str):
        return redis_store(place).view()
    from massgen_plugins.rate_limit.stores.sqlite_view import view_scopes

    return view_scopes(place)


def redis_store(address: str) -> RedisStore:
    """The store in a Redis server; password and user come from the environment."""
    from massgen_plugins.cli.output import say
    from massgen_plugins.rate_limit.stores.redis.address import Address
    from massgen_plugins.rate_limit.stores.redis.store import RedisStore

    return RedisStore(Address.parse(address), say)
