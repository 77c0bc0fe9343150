"""``massgen-rl set``, ``unset``, ``pause`` and ``resume``: change running teams within a second."""

from __future__ import annotations

from typing import Annotated

import typer

from massgen_plugins.cli import model_completion, steering_do

__all__ = ["register"]

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A model or family, such as gemini-2.5-flash or gemini-*-pro.",
        autocompletion=model_completion.models,
    ),
]
Span = Annotated[
    str | None,
    typer.Option(
        "--for", metavar="SPAN", help="How long, such as 90s, 10m or 1h30m; then the old value holds again."
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(name="set")(set_)
    for command in (unset, pause, resume):
        app.command()(command)


def set_(  # noqa: PLR0913, PLR0917 - one for each option
    model: Model,
    limits: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=VALUE...",
            help="Such as rpm=20; tpm=none removes a limit.",
            autocompletion=model_completion.assignments,
        ),
    ],
    span: Span = None,
    over_yaml: Annotated[bool, typer.Option("--over-yaml", help="Override a run's own YAML, too.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Change limits of running teams, for a while or until `unset`.

    Example: massgen-rl set gemini-2.5-flash rpm=20 --for 10m
    """
    steering_do.change(model, limits, span=span, over_yaml=over_yaml, yes=yes, as_json=as_json)


def unset(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="As given to `set`; or all.", autocompletion=model_completion.steered
        ),
    ],
    keys: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY...]", help="Only these limits, such as rpm.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Take back what `set` changed.

    Example: massgen-rl unset gemini-2.5-flash
    """
    steering_do.take_back(model, keys or (), as_json=as_json)


def pause(
    model: Annotated[
        str,
        typer.Argument(
            metavar="[MODEL]",
            help="Only this model or family; default: all.",
            autocompletion=model_completion.models,
            show_default=False,
        ),
    ] = "*",
    span: Span = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Let nothing leave until `resume`; no turn ends by it.

    Calls that wait keep their places, and max_wait stands still. Requests that have left are answered.
    MassGen's own time limits go on.

    Example: massgen-rl pause --for 10m
    """
    steering_do.pause(model, span=span, yes=yes, as_json=as_json)


def resume(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="[MODEL]",
            help="Only the pause of this one; default: all.",
            autocompletion=model_completion.steered,
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """End what `pause` began.

    Example: massgen-rl resume
    """
    steering_do.resume(model, as_json=as_json)
