"""Resolves names on the command line to pools and domains of a store."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from massgen_plugins.cli import model_completion
from massgen_plugins.cli.output import clean, say
from massgen_plugins.cli.store_choice import chosen_store, redis_store, view_of
from massgen_plugins.errors import ConfigurationError

if TYPE_CHECKING:
    from massgen_plugins.quota import Pool
    from massgen_plugins.rate_limit.stores.base import Store
    from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["ALL", "PoolName", "agreed", "known_pools", "meant", "opened"]

ALL = "all"
"""Stands for every pool."""

PoolName = Annotated[
    str,
    typer.Argument(
        metavar="POOL",
        help="A pool as `status` shows it, its model if only one pool has it, a domain (its "
        "provider and account), or all.",
        autocompletion=model_completion.pools,
    ),
]


def known_pools(given: str | None) -> tuple[Path | str, Sequence[PoolView]]:
    """A store's location, and all of its pools.

    Raises:
        ConfigurationError: Settings are invalid, or keep limits in memory.
    """
    place = chosen_store(given)
    if place is None:
        raise ConfigurationError("The settings say store: memory, so nothing that is learned outlives a run.")
    return place, view_of(place).pools


def meant(wanted: str, views: Sequence[PoolView], command: str) -> list[PoolView]:
    """The pools that match a name.

    Raises:
        ConfigurationError: No pool matches, or the name is ambiguous.
    """
    found = [each for each in views if wanted in {ALL, str(each.pool), str(each.pool.domain)}]
    if found:
        return found
    found = [each for each in views if each.pool.name == wanted]
    if len(found) == 1:
        return found
    from massgen_plugins.profiles.document import shown, suggestion

    if found:
        which = ", ".join(str(each.pool) for each in found)
        raise ConfigurationError(f"{command}: several pools have this name; name one of {which}, or all.")
    hint = suggestion(wanted, _names([each.pool for each in views]))
    raise ConfigurationError(
        f"{command}: there is no such pool: {shown(wanted)}; {hint}{'' if hint.endswith('?') else '.'}"
    )


def _names(known: Sequence[Pool]) -> set[str]:
    return {ALL, *map(str, known), *(each.name for each in known), *(str(each.domain) for each in known)}


def agreed(question: str, command: str) -> bool:
    """Ask the user for confirmation.

    Raises:
        ConfigurationError: The session is not interactive.
    """
    if not sys.stdin.isatty():
        raise ConfigurationError(f"{command}: there is no terminal to ask on; add --yes.")
    return typer.confirm(clean(question), err=True)


@contextmanager
def opened(place: Path | str) -> Iterator[Store]:
    """Open a store, and close it on exit."""
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
