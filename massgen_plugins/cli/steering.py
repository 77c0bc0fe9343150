"""``massgen-rl set``, ``unset``, ``pause`` and ``resume``: changes that running teams follow within a second."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from massgen_plugins.cli import model_completion
from massgen_plugins.cli.output import clean, emit_json, say, tell
from massgen_plugins.errors import ConfigurationError

if TYPE_CHECKING:
    from massgen_plugins.cli.followers import Follower
    from massgen_plugins.cli.model_names import ModelNames
    from massgen_plugins.profiles.steering import Number, Steering, SteeringEntry

__all__ = ["register"]

_ALL = "all"
_OVER_YAML = "--over-yaml is stronger than the YAML of a run"

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


def set_(
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
    from massgen_plugins.cli.assignments import read_assignments, read_span
    from massgen_plugins.cli.model_names import ModelNames
    from massgen_plugins.cli.places import current_places
    from massgen_plugins.profiles.steering import preview, set_values

    values = read_assignments(limits, "set")
    until = time.time() + read_span(span) if span else None
    names = ModelNames.of(current_places())
    if not yes:
        names.require(model, "set")
    planned = preview(names.settings.steering, model, values, until=until, over_yaml=over_yaml)
    then = names.steered_by(planned)
    if not yes and not _agreed(names, then, model, values):
        return
    set_values(model, values, until=until, over_yaml=over_yaml)
    _report_set(names, then, model, values, until, over_yaml=over_yaml, as_json=as_json)


def _agreed(names: ModelNames, then: ModelNames, model: str, values: dict[str, Any]) -> bool:
    """Whether the user wants what may come of it; a pause may be what is wanted."""
    from massgen_plugins.cli.steering_risk import risks

    found = risks(names, model, values, then.rules(model))
    if not found:
        return True
    ends = any(each.ends_turns for each in found)
    what = "; ".join(each.sentence for each in found)
    instead = f"`massgen-rl pause {model}` holds calls and ends no turn" if ends else ""
    if not sys.stdin.isatty():
        cure = f"{instead}; else add --yes" if instead else "add --yes to go on"
        raise ConfigurationError(f"set: {clean(what)}; {cure}.")
    say(f"{what[0].upper()}{what[1:]}.")
    if ends and typer.confirm("Pause instead, which ends no turn?", default=True, err=True):
        pause(model, yes=True)
        return False
    if typer.confirm("Go on?", err=True):
        return True
    say("Nothing is changed.")
    return False


def _report_set(
    names: ModelNames,
    then: ModelNames,
    model: str,
    values: dict[str, Any],
    until: float | None,
    *,
    over_yaml: bool,
    as_json: bool,
) -> None:
    from massgen_plugins.cli.followers import followers, tell_followers
    from massgen_plugins.cli.steering_text import differences, rules_as_json, until_text

    rows = followers("" if over_yaml else model, values)
    before, after = names.rules(model), then.rules(model)
    if as_json:
        _emit(model, rules_as_json(before), rules_as_json(after), until, rows)
        return
    ends = until_text(until, f"until `massgen-rl unset {model}`")
    then_again = ", then as before" if until else ""
    changed = differences(before, after)
    for _, text in changed:
        tell(f"{model}: {text}, {ends}{then_again}.")
    if not changed:
        listed = ", ".join(f"{key}={value}" for key, value in values.items())
        tell(f"{model}: {listed}, {ends}{then_again}.")
    tell_followers(rows, _OVER_YAML)
    _tell_of_machines(names)


def unset(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="As given to `set`; or all.", autocompletion=model_completion.steered),
    ],
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY...]", help="Only these limits, such as rpm.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Take back what `set` changed.

    Example: massgen-rl unset gemini-2.5-flash
    """
    from massgen_plugins.cli.model_names import ModelNames
    from massgen_plugins.cli.places import current_places
    from massgen_plugins.profiles import steering

    names = ModelNames.of(current_places())
    entries = [each for each in names.settings.steering.entries if each.key != steering.PAUSED]
    gone = [each for each in entries if model in {_ALL, each.model} and (not keys or each.key in keys)]
    if not gone:
        raise ConfigurationError(_nothing_set(model, entries))
    _, after = steering.unset(None if model == _ALL else model, keys or ())
    _report_back(names, after, gone, as_json=as_json)


def _nothing_set(model: str, entries: list[SteeringEntry]) -> str:
    from massgen_plugins.profiles.document import shown

    listed = ", ".join(f"{each.model} {each.key}" for each in entries)
    permanent = "what `profiles set` wrote, `massgen-rl profiles unset` takes back"
    if not listed:
        return f"unset: nothing is set by `massgen-rl set`; {permanent}."
    return f"unset: nothing of that is set for {shown(model)}, only {listed}; {permanent}."


def _report_back(names: ModelNames, after: Steering, gone: list[SteeringEntry], *, as_json: bool) -> None:
    from massgen_plugins.cli.followers import followers, tell_followers
    from massgen_plugins.cli.steering_text import differences, rules_as_json

    then = names.steered_by(after)
    models = list(dict.fromkeys(each.model for each in gone))
    if as_json:
        before = {model: rules_as_json(names.rules(model)) for model in models}
        _emit(models, before, {model: rules_as_json(then.rules(model)) for model in models}, None, followers())
        return
    for model in models:
        changed = differences(names.rules(model), then.rules(model))
        for _, text in changed:
            tell(f"{model}: {text}.")
        if not changed:
            tell(f"{model}: taken back.")
    tell_followers(followers())
    _tell_of_machines(names)


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

    Example: massgen-rl pause --for 10m
    """
    from massgen_plugins.cli.assignments import read_span
    from massgen_plugins.cli.followers import followers, tell_followers, waiting_calls
    from massgen_plugins.cli.model_names import ModelNames
    from massgen_plugins.cli.places import current_places
    from massgen_plugins.cli.steering_text import until_text
    from massgen_plugins.profiles import steering

    until = time.time() + read_span(span) if span else None
    names = ModelNames.of(current_places())
    if model != steering.ALL_MODELS and not yes:
        names.require(model, "pause")
    steering.pause(model, until=until)
    rows = followers()
    if as_json:
        _emit(model, {}, {"paused": True}, until, rows)
        return
    again = f"`massgen-rl resume{'' if model == steering.ALL_MODELS else f' {model}'}`"
    count = waiting_calls(model)
    tell(f"{_named(model)}: paused {until_text(until, f'until {again}')}.")
    tell(f"Nothing leaves, {count} call{'' if count == 1 else 's'} wait, no turn ends: max_wait stands still.")
    if rows:
        tell("MassGen's own time limits go on.")
    tell_followers(rows)
    _tell_of_machines(names)


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
    from massgen_plugins.cli.followers import followers, tell_followers
    from massgen_plugins.cli.model_names import ModelNames
    from massgen_plugins.cli.places import current_places
    from massgen_plugins.profiles import steering

    names = ModelNames.of(current_places())
    paused = [each for each in names.settings.steering.entries if each.key == steering.PAUSED]
    ended = [each for each in paused if model in {None, each.model}]
    if model is not None and not ended:
        listed = ", ".join(_named(each.model) for each in paused) or "nothing"
        raise ConfigurationError(f"resume: there is no pause of that name; paused is {listed}.")
    steering.resume(model)
    if as_json:
        _emit([each.model for each in ended], {"paused": bool(paused)}, {"paused": False}, None, followers())
        return
    for each in ended:
        tell(f"{_named(each.model)}: goes on, after {_since(each.at)} of pause.")
    if not ended:
        tell("Nothing was paused.")
        return
    tell_followers(followers())
    _tell_of_machines(names)


def _named(model: str) -> str:
    return "all models" if model == "*" else model


def _since(moment: float) -> str:
    from massgen_plugins.rate_limit.messages import describe_span

    return describe_span(time.time() - moment)


def _tell_of_machines(names: ModelNames) -> None:
    if "://" in names.settings.store:
        tell("Other machines that share the Redis server do not follow: run the same command there.")


def _emit(model: object, before: object, after: object, until: float | None, rows: list[Follower]) -> None:
    document: dict[str, Number | object] = {
        "model": model,
        "before": before,
        "after": after,
        "until": until,
        "processes": [row.as_json() for row in rows],
    }
    emit_json(document)
