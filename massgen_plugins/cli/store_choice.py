"""Which store a command looks into: the one that it is told, else the one that the settings name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from massgen_plugins.errors import ConfigurationError

__all__ = ["StoreOption", "chosen_store"]

StoreOption = Annotated[
    str | None,
    typer.Option("--store", metavar="FILE", help="Another store than the one that the settings name."),
]


def chosen_store(given: str | None) -> Path | None:
    """The store's file, whether or not it exists; None if the settings keep limits in memory.

    Raises:
        ConfigurationError: Settings are wrong, or the file given cannot be one.
    """
    if given is not None:
        from massgen_plugins.profiles.tree import shown

        path = Path(given)
        try:
            found = path.is_file()
        except (OSError, ValueError):
            found = False
        if not found:
            raise ConfigurationError(
                f"--store: there is no such file, {shown(given)}; write the path of one."
            )
        return path
    from massgen_plugins.cli.places import current_places
    from massgen_plugins.profiles.loading import read_settings
    from massgen_plugins.profiles.settings import MEMORY

    store = read_settings(current_places()).store
    return None if store == MEMORY else Path(store)
