"""The commands with which one looks on: their options; what they do is imported when they run."""

from __future__ import annotations

from typing import Annotated

import typer

from massgen_plugins.cli.store_choice import StoreOption

__all__ = ["register"]

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(watch)
    app.command()(line)


def watch(
    interval: Annotated[
        float,
        typer.Option("--interval", "-i", metavar="SECONDS", min=0.2, max=3600, help="Between two looks."),
    ] = 1.0,
    compact: Annotated[
        bool, typer.Option("--compact", help="A line for each pool and each waiting call.")
    ] = False,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when no run goes on and nobody waits.")
    ] = False,
    exit_status: Annotated[
        bool,
        typer.Option(
            "--exit-status", help="Exit code 1 if calls were turned away, 3 if a day, or a month, is used up."
        ),
    ] = False,
    store: StoreOption = None,
) -> None:
    """Watch runs as they wait: who, for what, until when.

    On a terminal a picture that changes, in a pipe a line for each change.
    """
    from massgen_plugins.cli.watch import answer

    raise typer.Exit(
        answer(
            interval=interval, compact=compact, until_idle=until_idle, exit_status=exit_status, store=store
        )
    )


def line(as_json: Json = False, store: StoreOption = None) -> None:
    """Show the tightest quota in one line, for a prompt or a status bar.

    Prints nothing if no call was limited yet.
    """
    from massgen_plugins.cli.line import answer

    raise typer.Exit(answer(as_json=as_json, store=store))
