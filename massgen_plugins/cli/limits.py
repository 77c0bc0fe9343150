"""``massgen-rl limits``: shows the limits in force and their origin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from massgen_plugins.cli import limits_answer, model_completion

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(limits)


def limits(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="[MODEL]",
            help="Default: all models of earlier calls and of your settings.",
            autocompletion=model_completion.models,
            show_default=False,
        ),
    ] = None,
    origin: Annotated[
        bool, typer.Option("--origin", help="Show the file and line of each value, and what it overrides.")
    ] = False,
    team: Annotated[
        Path | None,
        typer.Option(
            "--team", metavar="FILE", help="Include a team's YAML, as a run of it does.", show_default=False
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
) -> None:
    """Show the limits that hold, after the safety margin.

    Example: massgen-rl limits gemini-2.5-flash --origin
    """
    limits_answer.answer(model, origin=origin, team=team, as_json=as_json)
