"""``massgen-rl demo``: runs MassGen against a Gemini sandbox, without and with limits."""

from __future__ import annotations

from typing import Annotated

import typer

from massgen_plugins.cli import model_completion
from massgen_plugins.cli.exits import NO_HOST
from massgen_plugins.cli.output import say
from massgen_plugins.errors import HostMismatch

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    example: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="One of MassGen's own examples; default: six Gemini agents.",
            autocompletion=model_completion.examples,
        ),
    ] = None,
    rpm: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=1000,
            help="Requests per minute that the sandbox allows each model; default: Flash 10, Pro 2.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON on stdout.")] = False,
) -> None:
    """Run MassGen against a sandbox, without and with limits.

    Takes about two minutes; needs no API key and no network.

    Example: massgen-rl demo --rpm 10
    """
    from massgen_plugins.cli.installed_host import require_host
    from massgen_plugins.demo import main
    from massgen_plugins.demo.examples import DEFAULT_EXAMPLE

    try:
        require_host()
    except HostMismatch as error:
        say(f"massgen-rl: {error}")
        raise typer.Exit(NO_HOST) from error
    raise typer.Exit(main(example=example or DEFAULT_EXAMPLE, rpm=rpm, as_json=as_json))
