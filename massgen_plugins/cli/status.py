"""``massgen-rl status``: shows the use of each limit, and waiting calls."""

from __future__ import annotations

from typing import Annotated

import typer

from massgen_plugins.cli.store_choice import StoreOption

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit code 3 when a day, or a month, is used up.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Show the use of each limit, who waits, and when the next call can be sent."""
    from massgen_plugins.cli.status_answer import answer

    raise typer.Exit(answer(as_json=as_json, store=store, exit_code=exit_code))
