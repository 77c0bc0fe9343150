"""``massgen-rl cost``: the cost of calls, and its explanation."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from massgen_plugins.cli.output import as_home, emit_json, say, tell
from massgen_plugins.errors import ConfigurationError

if TYPE_CHECKING:
    from massgen_plugins.calls.query import Record
    from massgen_plugins.calls.rows import Question

__all__ = ["app", "chosen_record"]

app = typer.Typer(
    help="Show what calls cost: by run, agent, model, provider, day or month, and why.",
    rich_markup_mode=None,
    invoke_without_command=True,
)


class By(StrEnum):
    """Grouping of the sums."""

    RUN = "run"
    AGENT = "agent"
    MODEL = "model"
    PROVIDER = "provider"
    DAY = "day"
    MONTH = "month"


class Format(StrEnum):
    """Format of an exported file."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="WHEN", help="Since when: 7d, 24h, today, yesterday, 2026-11-30."),
]
Until = Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Before then.")]
Run = Annotated[str | None, typer.Option("--run", metavar="RUN", help="Of one run.")]
File = Annotated[
    str | None,
    typer.Option("--record", metavar="FILE", help="A record other than the one beside the store."),
]


@app.callback()
def _sums(  # noqa: PLR0913, PLR0917 - options
    context: typer.Context,
    by: Annotated[
        By, typer.Option("--by", metavar="WHAT", help="By run, agent, model, provider, day or month.")
    ] = By.RUN,
    since: Since = None,
    until: Until = None,
    run: Run = None,
    agent: Annotated[str | None, typer.Option("--agent", metavar="AGENT", help="Of one agent.")] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="MODEL", help="Of one model.")] = None,
    provider: Annotated[
        str | None, typer.Option("--provider", metavar="PROVIDER", help="Of one provider.")
    ] = None,
    most: Annotated[
        int,
        typer.Option(
            "--most", metavar="N", min=1, help="Maximum number of rows: latest or most expensive first."
        ),
    ] = 20,
    as_json: Json = False,
    record: File = None,
) -> None:
    """Show what calls cost: by run, agent, model, provider, day or month, and why.

    Alone: the latest runs, beside what MassGen says of each.
    """
    if context.invoked_subcommand is not None:
        return
    from massgen_plugins.cli import cost_sums

    asked = question(since, until, run=run, agent=agent, model=model, provider=provider)
    sums = cost_sums.sums_of(chosen_record(record), by.value, asked, most)
    if as_json:
        emit_json(cost_sums.document(sums))
    elif not sums.groups:
        say(_nothing(sums.path))
    else:
        from massgen_plugins.cli.cost_view import show

        show(sums)


@app.command()
def why(
    call: Annotated[
        str,
        typer.Argument(metavar="CALL", help="A call's number in the record, or: last.", show_default=False),
    ],
    as_json: Json = False,
    record: File = None,
) -> None:
    """Explain what a call cost: usage, unit prices, whose prices these are, and of when."""
    from massgen_plugins.cli import cost_why

    row = cost_why.named(call, chosen_record(record))
    emit_json(cost_why.document(row)) if as_json else cost_why.show(row)


@app.command()
def export(  # noqa: PLR0913, PLR0917 - options
    form: Annotated[
        Format, typer.Option("--format", metavar="FORM", help="csv, json or parquet.")
    ] = Format.CSV,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file, not to stdout.")
    ] = None,
    since: Since = None,
    until: Until = None,
    run: Run = None,
    record: File = None,
) -> None:
    """Write every call as one row."""
    from massgen_plugins.cli import cost_export

    count = cost_export.write(chosen_record(record), question(since, until, run=run), form.value, output)
    if output is not None:
        say(f"{count:,} calls in {output}.")


@app.command()
def report(
    output: Annotated[Path, typer.Argument(metavar="FILE.html", help="The page to write.")],
    since: Since = None,
    until: Until = None,
    run: Run = None,
    record: File = None,
) -> None:
    """Write a page with charts; it needs nothing but a browser, and holds no prompt and no answer."""
    from massgen_plugins.cli import cost_report

    chosen = chosen_record(record)
    page = cost_report.page(chosen, question(since, until, run=run))
    if page is None:
        say(_nothing(chosen.path))
        return
    cost_report.write(output, page)
    tell(f"{output}")


def question(since: str | None, until: str | None, **fields: str | None) -> Question:
    """Build the selection of calls.

    Raises:
        ConfigurationError: A point in time is invalid.
    """
    from massgen_plugins.calls.rows import Question
    from massgen_plugins.cli.moments import moment

    return Question(
        since=moment(since, "--since") if since else None,
        until=moment(until, "--until") if until else None,
        **fields,
    )


def chosen_record(given: str | None) -> Record:
    """The given record, or the one in the settings, which may not exist yet.

    Raises:
        ConfigurationError: The given file does not exist, or the settings disable the record.
    """
    from massgen_plugins.calls.query import Record

    if given is not None:
        if not Path(given).is_file():
            raise ConfigurationError(
                f"--record: there is no such file: {given[:80]!a}; give the path of one."
            )
        return Record(Path(given))
    from massgen_plugins.cli.places import current_places
    from massgen_plugins.profiles.loading import read_settings

    settings = read_settings(current_places()).record
    if settings.file is None:
        raise ConfigurationError(
            "There is no home directory to keep a record of calls in; name --record FILE."
        )
    path = Path(settings.file)
    if not settings.keep and not path.exists():
        raise ConfigurationError("The settings say record: false: what calls cost is not kept.")
    return Record(path)


def _nothing(path: Path) -> str:
    return f"No such call has been recorded yet ({as_home(str(path))})."
