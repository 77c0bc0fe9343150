"""``massgen-rl set``, ``unset``, ``pause`` and ``resume``: running teams follow within a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from massgen_plugins.cli import model_completion
from massgen_plugins.cli.output import clean, say
from massgen_plugins.errors import ConfigurationError

if TYPE_CHECKING:
    from massgen_plugins.cli.model_names import ModelNames
    from massgen_plugins.profiles.steering import SteeringEntry

__all__ = ["register"]

_ALL = "all"

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
    typer.Option("--for", metavar="SPAN", help="How long, such as 90s, 10m or 1h30m; then as before."),
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
            help="Such as rpm=20; tpm=none takes a limit away.",
            autocompletion=model_completion.assignments,
        ),
    ],
    span: Span = None,
    over_yaml: Annotated[
        bool, typer.Option("--over-yaml", help="Be stronger than a run's own YAML, too.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Change limits of running teams, for a while or until `unset`.

    Example: massgen-rl set gemini-2.5-flash rpm=20 --for 10m
    """
    from massgen_plugins.cli.assignments import read_assignments
    from massgen_plugins.cli.steering_report import Wish, report_set
    from massgen_plugins.profiles.steering import set_values, with_values

    values = read_assignments(limits, "set")
    until = _until(span)
    names = _names()
    if not yes:
        names.require(model, "set")
    planned = with_values(names.settings.steering, model, values, until=until, over_yaml=over_yaml)
    then = names.steered_by(planned)
    if not yes and not _agreed(names, then, model, values):
        return
    set_values(model, values, until=until, over_yaml=over_yaml)
    report_set(names, then, Wish(model, values, until, over_yaml), as_json=as_json)


def _agreed(names: ModelNames, then: ModelNames, model: str, values: Mapping[str, Any]) -> bool:
    """Whether the user wants what may come of it; a pause may be what is wanted."""
    from massgen_plugins.cli.steering_risk import risks

    found = risks(names, model, values, then.rules(model))
    if not found:
        return True
    ends = any(each.ends_turns for each in found)
    what = clean("; ".join(each.sentence for each in found))
    if not sys.stdin.isatty():
        pausing = f"`massgen-rl pause {model}` holds calls and ends no turn; else " if ends else ""
        raise ConfigurationError(f"set: {what}; {pausing}add --yes to go on.")
    say(f"{what}.")
    if ends and typer.confirm("Pause instead, which ends no turn?", default=True, err=True):
        pause(model)
        return False
    if typer.confirm("Go on?", err=True):
        return True
    say("Nothing is changed.")
    return False


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
    from massgen_plugins.cli.steering_report import report_back
    from massgen_plugins.profiles import steering

    names = _names()
    entries = [each for each in names.settings.steering.entries if each.key != steering.PAUSED]
    gone = [each for each in entries if model in {_ALL, each.model} and (not keys or each.key in keys)]
    if not gone and (model != _ALL or keys):
        raise ConfigurationError(_nothing_set(model, entries))
    _, after = steering.unset(None if model == _ALL else model, keys or ())
    report_back(names, names.steered_by(after), [each.model for each in gone], as_json=as_json)


def _nothing_set(model: str, entries: list[SteeringEntry]) -> str:
    from massgen_plugins.profiles.document import shown

    listed = ", ".join(f"{each.model} {each.key}" for each in entries)
    permanent = "what `profiles set` wrote, `massgen-rl profiles unset` takes back"
    if not listed:
        return f"unset: nothing is set by `massgen-rl set`; {permanent}."
    return f"unset: nothing of that is set for {shown(model)}, only {listed}; {permanent}."


def pause(
    model: Annotated[
        str,
        typer.Argument(
            metavar="[MODEL]",
            help="Only this model or family; left out: every one.",
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
    from massgen_plugins.cli.steering_report import report_pause
    from massgen_plugins.profiles import steering

    until = _until(span)
    names = _names()
    if model != steering.ALL_MODELS and not yes:
        names.require(model, "pause")
    steering.pause(model, until=until)
    report_pause(names, model, until, as_json=as_json)


def resume(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="[MODEL]",
            help="Only the pause of this one; left out: every one.",
            autocompletion=model_completion.steered,
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """End what `pause` began.

    Example: massgen-rl resume
    """
    from massgen_plugins.cli.steering_report import report_resume
    from massgen_plugins.profiles import steering

    names = _names()
    paused = [each for each in names.settings.steering.entries if each.key == steering.PAUSED]
    ended = [each for each in paused if model in {None, each.model}]
    if model is not None and not ended:
        listed = ", ".join("all models" if each.model == "*" else each.model for each in paused)
        raise ConfigurationError(f"resume: there is no pause of that name; paused is {listed or 'nothing'}.")
    steering.resume(model)
    report_resume(names, ended, as_json=as_json)


def _until(span: str | None) -> float | None:
    from massgen_plugins.cli.assignments import read_span

    return time.time() + read_span(span) if span else None


def _names() -> ModelNames:
    from massgen_plugins.cli.model_names import ModelNames
    from massgen_plugins.cli.places import current_places

    return ModelNames.of(current_places())
