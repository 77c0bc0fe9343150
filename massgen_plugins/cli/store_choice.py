"""The option ``--store`` of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from massgen_plugins.cli.store_place import chosen_store, given_store, redis_store, view_of

__all__ = ["StoreOption", "chosen_store", "given_store", "redis_store", "view_of"]

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="FILE",
        help="A store other than the one in the settings: a file, or redis://HOST:6379/0.",
    ),
]
