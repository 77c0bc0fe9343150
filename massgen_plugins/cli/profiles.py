"""``massgen-rl profiles``: shows and changes profiles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from massgen_plugins.cli import model_completion, profile_changes, profile_names
from massgen_plugins.cli.exits import CHECK_FAILED
from massgen_plugins.cli.output import as_home, emit_json, say, tell
from massgen_plugins.cli.places import current_places

__all__ = ["app"]

app = typer.Typer(
    help="Show, choose and change profiles: named sets of limits.",
    rich_markup_mode=None,
    invoke_without_command=True,
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Name = Annotated[
    str, typer.Argument(metavar="NAME", help="A profile's name.", autocompletion=profile_names.complete)
]


@app.callback()
def _table(
    context: typer.Context,
    provider: Annotated[
        str | None,
        typer.Option("--provider", metavar="PROVIDER", help="Only those of this provider, such as openai."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show, choose and change profiles: named sets of limits.

    Alone: a table of all, by provider.

    Example: massgen-rl profiles --provider openai
    """
    if context.invoked_subcommand is not None:
        if as_json:
            raise typer.BadParameter("write --json after the command's name.")
        if provider:
            raise typer.BadParameter("--provider is for the table of profiles; leave it out here.")
        return
    from massgen_plugins.cli.profiles_table import answer

    raise typer.Exit(answer(provider=provider, as_json=as_json))


@app.command(name="ls", hidden=True)
@app.command(name="list", hidden=True)
def list_(
    provider: Annotated[str | None, typer.Option("--provider", metavar="PROVIDER")] = None,
    as_json: Json = False,
) -> None:
    """The table of all profiles, as `profiles` alone."""
    from massgen_plugins.cli.profiles_table import answer

    raise typer.Exit(answer(provider=provider, as_json=as_json))


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """Show one profile: limits, cooldown, margin, source, date.

    Example: massgen-rl profiles show gemini-tier1
    """
    from massgen_plugins.cli import profile_views
    from massgen_plugins.profiles.loading import read_settings
    from massgen_plugins.profiles.overview import details

    places = current_places()
    row, profile = details(name, places=places)
    if as_json:
        profile_views.profile_as_json(row, profile)
    else:
        profile_views.show_profile(row, profile, read_settings(places).overrides if row.on else {})


@app.command()
def use(name: Name) -> None:
    """Let a profile limit its provider; switches it on, too.

    Example: massgen-rl profiles use gemini-tier1
    """
    from massgen_plugins.profiles.edit import use as edit

    places = current_places()
    _done(f"{name} is in use", edit(name, places=places))
    _warn_if_not_in_use(name)
    profile_changes.tell_limits(name, places)
    profile_changes.tell_followers_of_profile(name, places)


@app.command()
def enable(name: Name) -> None:
    """Take back `disable`.

    Example: massgen-rl profiles enable gemini-seed
    """
    from massgen_plugins.profiles.edit import enable as edit

    places = current_places()
    _done(f"{name} is no longer switched off", edit(name, places=places))
    profile_changes.tell_followers_of_profile(name, places)


@app.command()
def disable(name: Name) -> None:
    """Switch a profile off; the default one holds then.

    Example: massgen-rl profiles disable gemini-tier1
    """
    from massgen_plugins.profiles.edit import disable as edit

    places = current_places()
    _done(f"{name} is switched off", edit(name, places=places))
    _tell_if_unlimited(name)
    profile_changes.tell_followers_of_profile(name, places)


@app.command(name="set")
def set_(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A model or family, such as gemini-2.5-flash or gemini-*-pro.",
            autocompletion=model_completion.models,
        ),
    ],
    limits: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=VALUE...",
            help="Such as rpm=5; tpm=none removes a limit.",
            autocompletion=model_completion.assignments,
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Even if the name looks mistyped.")] = False,
) -> None:
    """Change limits of a model in your settings, whatever profile is in use.

    For a while only, or in a live run: `massgen-rl set`.

    Example: massgen-rl profiles set gemini-2.5-pro rpm=5
    """
    from massgen_plugins.cli.assignments import read_assignments
    from massgen_plugins.cli.model_names import ModelNames
    from massgen_plugins.profiles.edit import set_limits

    places = current_places()
    values = read_assignments(limits)
    names = ModelNames.of(places)
    if not yes and model not in names.profiles and names.meant(model):
        names.require(model, "profiles set")
    _done(f"{model}: {', '.join(limits)}", set_limits(model, values, places=places))
    profile_changes.tell_change(model, values, names, places)


@app.command()
def unset(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="As given to `set`.", autocompletion=model_completion.overridden
        ),
    ],
    keys: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY...]", help="Only these limits, such as rpm.", show_default=False),
    ] = None,
) -> None:
    """Take back what `profiles set` wrote.

    Example: massgen-rl profiles unset gemini-2.5-pro
    """
    from massgen_plugins.cli.model_names import ModelNames
    from massgen_plugins.profiles.edit import unset_limits

    places = current_places()
    names = ModelNames.of(places)
    file, gone = unset_limits(model, keys or (), places=places)
    listed = ", ".join(f"{key}={'none' if value is None else value}" for key, value in gone.items())
    _done(f"{model}: {listed} removed", file)
    profile_changes.tell_change(model, gone, names, places)


@app.command()
def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Profile files.")],
    as_json: Json = False,
) -> None:
    """Check profile files; exit code 1 if one is wrong.

    Example: massgen-rl profiles validate team-profiles.yaml
    """
    from massgen_plugins.cli.validation import check_files

    findings = check_files(files)
    if as_json:
        emit_json([finding.as_json() for finding in findings])
    else:
        for finding in findings:
            finding.show()
    if any(finding.error for finding in findings):
        raise typer.Exit(CHECK_FAILED)


@app.command(name="import")
def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="MassGen's own rate_limits.yaml, or a file in that format.")
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace profile files of the same name.")
    ] = False,
) -> None:
    """Make profiles of a file in MassGen's own format.

    Example: massgen-rl profiles import rate_limits.yaml
    """
    from massgen_plugins.profiles.massgen_format import import_massgen

    for path in import_massgen(file, overwrite=overwrite, places=current_places()):
        cure = f"`massgen-rl profiles use {path.stem}` puts it into use"
        tell(f"{path.stem} is written to {as_home(str(path))}; {cure}.")


def _done(what: str, file: Path) -> None:
    tell(f"{what} ({as_home(str(file))}).")


def _warn_if_not_in_use(name: str) -> None:
    from massgen_plugins.profiles.overview import details, overview

    places = current_places()
    row, profile = details(name, places=places)
    if not row.on:
        ruling = [other.name for other in overview(profile.provider, places=places) if other.on]
        instead = f"uses {ruling[0]}" if ruling else "switches it off"
        say(f"massgen-rl: it does not apply here, since this project {instead} ({places.project_file}).")


def _tell_if_unlimited(name: str) -> None:
    from massgen_plugins.profiles.loading import read_settings
    from massgen_plugins.profiles.overview import details, overview

    places = current_places()
    provider = details(name, places=places)[1].provider
    left = [row.name for row in overview(provider, places=places) if row.on]
    if left:
        tell(f"{provider} is limited by {left[0]}.")
    elif provider in read_settings(places).stopped:
        say(f"massgen-rl: no profile limits {provider} now: runs that ask to be limited do not start.")
    else:
        tell(f"{provider} has no profile in use: its limits are learned.")
