"""Implements `set`, `unset`, `pause` and `resume`, without dependencies on the command-line parser."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from massgen_plugins.cli.output import clean, say
from massgen_plugins.errors import ConfigurationError

if TYPE_CHECKING:
    from massgen_plugins.cli.model_names import ModelNames
    from massgen_plugins.cli.steering_report import Here
    from massgen_plugins.profiles.steering import SteeringEntry

__all__ = ["change", "pause", "resume", "take_back"]

_ALL = "all"


def change(  # noqa: PLR0913 - one for each option
    model: str,
    limits: Sequence[str],
    *,
    span: str | None = None,
    over_yaml: bool = False,
    yes: bool = False,
    as_json: bool = False,
) -> int:
    """Change limits of running teams; returns the exit code."""
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
        return 0
    set_values(model, values, until=until, over_yaml=over_yaml)
    report_set(names, then, Wish(model, values, until, over_yaml), as_json=as_json)
    return 0


def _agreed(names: ModelNames, then: ModelNames, model: str, values: Mapping[str, Any]) -> bool:
    """Ask for confirmation of risky changes; suggests a pause if that may be intended."""
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
    if ends and _confirmed("Pause instead, which ends no turn?", default=True):
        pause(model)
        return False
    if _confirmed("Go on?", default=False):
        return True
    say("Nothing was changed.")
    return False


def _confirmed(question: str, *, default: bool) -> bool:
    import typer

    try:
        return typer.confirm(question, default=default, err=True)
    except typer.Abort:
        raise KeyboardInterrupt from None


def take_back(model: str, keys: Sequence[str] = (), *, as_json: bool = False) -> int:
    """Undo :func:`change`; returns the exit code."""
    from massgen_plugins.cli.steering_report import report_back
    from massgen_plugins.profiles import steering

    names = _names()
    entries = [each for each in names.settings.steering.entries if each.key != steering.PAUSED]
    gone = [each for each in entries if model in {_ALL, each.model} and (not keys or each.key in keys)]
    if not gone and (model != _ALL or keys):
        raise ConfigurationError(_nothing_set(model, entries))
    _, after = steering.unset(None if model == _ALL else model, keys or ())
    report_back(names, names.steered_by(after), [each.model for each in gone], as_json=as_json)
    return 0


def _nothing_set(model: str, entries: list[SteeringEntry]) -> str:
    from massgen_plugins.profiles.document import shown

    listed = ", ".join(f"{each.model} {each.key}" for each in entries)
    permanent = "`massgen-rl profiles unset` removes what `profiles set` wrote"
    if not listed:
        return f"unset: nothing is set by `massgen-rl set`; {permanent}."
    return f"unset: none of these is set for {shown(model)}, only {listed}; {permanent}."


def pause(model: str = "*", *, span: str | None = None, yes: bool = False, as_json: bool = False) -> int:
    """Hold calls until :func:`resume`; returns the exit code."""
    from massgen_plugins.cli.steering_report import report_pause
    from massgen_plugins.profiles import steering

    until = _until(span)
    if model != steering.ALL_MODELS and not yes:
        _names().require(model, "pause")
    here = _here()
    steering.pause(model, until=until)
    report_pause(here, model, until, as_json=as_json)
    return 0


def resume(model: str | None = None, *, as_json: bool = False) -> int:
    """End a :func:`pause`; returns the exit code."""
    from massgen_plugins.cli.steering_report import report_resume
    from massgen_plugins.profiles import steering

    here = _here()
    paused = [each for each in here.steering.entries if each.key == steering.PAUSED]
    ended = [each for each in paused if model in {None, each.model}]
    if model is not None and not ended:
        listed = ", ".join("all models" if each.model == "*" else each.model for each in paused)
        raise ConfigurationError(f"resume: nothing of that name is paused; paused: {listed or 'nothing'}.")
    steering.resume(model)
    report_resume(here, ended, as_json=as_json)
    return 0


def _until(span: str | None) -> float | None:
    from massgen_plugins.cli.assignments import read_span

    return time.time() + read_span(span) if span else None


def _here() -> Here:
    """The cheaply available state; a damaged steering file counts as empty.

    Settings that cannot be read are reported, and do not stop a pause: running teams follow it nevertheless.
    """
    from massgen_plugins.cli.settings_now import SettingsNow
    from massgen_plugins.cli.steering_report import Here
    from massgen_plugins.profiles.steering import NO_STEERING, read_steering

    settings, store = SettingsNow(), ""
    try:
        store = str(settings.store() or "")
        settings.keep()
    except ConfigurationError as error:
        say(f"massgen-rl: {error}")
    try:
        return Here(store, read_steering())
    except ConfigurationError:
        return Here(store, NO_STEERING)


def _names() -> ModelNames:
    from massgen_plugins.cli.model_names import ModelNames
    from massgen_plugins.cli.places import current_places

    return ModelNames.of(current_places())
