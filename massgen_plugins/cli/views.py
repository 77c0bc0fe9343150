"""Options of the read-only commands; their implementations are imported when they run."""

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
    app.command()(history)
    app.command()(report)
    app.command()(plan)
    app.command()(why)


def watch(  # noqa: PLR0913, PLR0917 - an option each
    interval: Annotated[
        float,
        typer.Option("--interval", "-i", metavar="SECONDS", min=0.2, max=3600, help="Between two updates."),
    ] = 1.0,
    compact: Annotated[
        bool, typer.Option("--compact", help="A line for each pool and each waiting call.")
    ] = False,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when no run is active and no call waits.")
    ] = False,
    exit_status: Annotated[
        bool,
        typer.Option(
            "--exit-status", help="Exit code 1 if calls were turned away, 3 if a day, or a month, is used up."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The document of `status --json` at each update, one per line.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Watch runs as they wait: who, for what, until when.

    On a terminal a picture that changes, in a pipe a line for each change.
    """
    from massgen_plugins.cli.watch import answer

    raise typer.Exit(
        answer(
            interval=interval,
            compact=compact,
            until_idle=until_idle,
            exit_status=exit_status,
            as_json=as_json,
            store=store,
        )
    )


def line(as_json: Json = False, store: StoreOption = None) -> None:
    """Show the tightest quota in one line, for a prompt or a status bar.

    Prints nothing if no call was limited yet.
    """
    from massgen_plugins.cli.line import answer

    raise typer.Exit(answer(as_json=as_json, store=store))


def history(  # noqa: PLR0913, PLR0917 - an option each
    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="WHAT", help="day, run, model, agent, hour, month, provider, account or file."
        ),
    ] = "day",
    since: Annotated[
        str, typer.Option("--since", metavar="WHEN", help="Such as 12h, 7d, 2026-11-24, today or all.")
    ] = "7d",
    run: Annotated[str | None, typer.Option("--run", metavar="NAME", help="Only of this run.")] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="MODEL", help="Only of this model.")] = None,
    agent: Annotated[str | None, typer.Option("--agent", metavar="AGENT", help="Only of this agent.")] = None,
    as_json: Json = False,
) -> None:
    """Show what was called, refused and waited for, and how long the day lasts."""
    from massgen_plugins.cli.history import answer

    raise typer.Exit(answer(by=by, since=since, run=run, model=model, agent=agent, as_json=as_json))


def report(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Where to write it, such as run.html; - for stdout.")
    ],
    run: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="NAME",
            help="A run's name, as `history --by run` shows it; left out: the newest.",
        ),
    ] = None,
    hide_names: Annotated[
        bool, typer.Option("--hide-names", help="Numbers instead of agents' names, and no paths.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is not a report.")
    ] = False,
) -> None:
    """Write one run as a web page: every call on a time line, with its wait, and how full the limits were.

    One file that loads nothing from anywhere, in light and dark, on a wide screen and on a telephone.
    """
    from massgen_plugins.cli.report import answer

    raise typer.Exit(answer(file, run=run, hide_names=hide_names, overwrite=overwrite))


def plan(
    file: Annotated[str, typer.Argument(metavar="TEAM", help="A MassGen configuration, such as team.yaml.")],
    as_json: Json = False,
) -> None:
    """Say what a run will take: calls, time, the longest wait, cost, and what would be sooner.

    The limiter itself plays the run on a clock that jumps; nothing is sent. Exit code 3 if a day, a month
    or the longest wait allowed does not suffice. Example: massgen-rl plan team.yaml
    """
    from massgen_plugins.cli.plan import answer

    raise typer.Exit(answer(file, as_json=as_json))


def why(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT", help="last, an agent's name, a file with a refusal in it, or - for stdin."
        ),
    ] = "last",
    provider: Annotated[
        str | None,
        typer.Option("--provider", metavar="NAME", help="The provider that refused, such as openai."),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="The model that was called.")
    ] = None,
    status: Annotated[
        int | None, typer.Option("--status", metavar="CODE", min=100, max=599, help="Its HTTP status.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Explain a refusal: what it said, what we believed, what we did, what it means, what to do.

    A file may hold an answer as `curl -i` prints it, a body alone, or the message of an SDK's error.
    """
    from massgen_plugins.cli.why import answer

    raise typer.Exit(answer(what, provider=provider, model=model, status=status, as_json=as_json))
