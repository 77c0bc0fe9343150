"""Reports the results of `set`, `unset`, `pause` and `resume`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from massgen_plugins.cli.followers import Follower, followers, tell_followers, waiting_calls
from massgen_plugins.cli.output import emit_json, tell
from massgen_plugins.cli.steering_text import differences, rules_as_json, until_text
from massgen_plugins.profiles.steering import ALL_MODELS, Steering, SteeringEntry
from massgen_plugins.rate_limit.messages import describe_span

if TYPE_CHECKING:
    from massgen_plugins.cli.model_names import ModelNames

__all__ = ["Here", "Wish", "report_back", "report_pause", "report_resume", "report_set"]

_OVER_YAML = "add --over-yaml to override the YAML of a run"


class Here(NamedTuple):
    """The state on this machine.

    Attributes:
        store: The store, as in the settings.
        steering: Temporary limits and pauses.
    """

    store: str
    steering: Steering


class Wish(NamedTuple):
    """The request of a `set` command.

    Attributes:
        model: The model or family.
        values: The limits as written.
        until: End in seconds since the epoch; None for no end.
        over_yaml: Whether to override a run's own YAML.
    """

    model: str
    values: Mapping[str, Any]
    until: float | None
    over_yaml: bool


def report_set(names: ModelNames, then: ModelNames, wish: Wish, *, as_json: bool) -> None:
    """Report changed limits."""
    rows = followers("" if wish.over_yaml else wish.model, wish.values)
    before, after = names.rules(wish.model), then.rules(wish.model)
    if as_json:
        _emit(wish.model, rules_as_json(before), rules_as_json(after), rows, wish.until)
        return
    ends = until_text(wish.until, f"until `massgen-rl unset {wish.model}`")
    again = ", then as before" if wish.until else ""
    listed = ", ".join(f"{key}={value}" for key, value in wish.values.items())
    for text in differences(before, after) or [listed]:
        tell(f"{wish.model}: {text}, {ends}{again}.")
    _tell_of_processes(names.settings.store, rows, _OVER_YAML)


def report_back(names: ModelNames, then: ModelNames, models: Sequence[str], *, as_json: bool) -> None:
    """Report restored limits."""
    known = list(dict.fromkeys(models))
    if as_json:
        before, after = ({each: rules_as_json(side.rules(each)) for each in known} for side in (names, then))
        _emit(known, before, after, followers())
        return
    if not known:
        tell("Nothing was set.")
        return
    for model in known:
        for text in differences(names.rules(model), then.rules(model)) or ["taken back"]:
            tell(f"{model}: {text}.")
    _tell_of_processes(names.settings.store, followers())


def report_pause(here: Here, model: str, until: float | None, *, as_json: bool) -> None:
    """Report a pause."""
    rows, count = followers(), waiting_calls(model)
    if as_json:
        _emit(model, {"paused": _paused(here.steering, model)}, {"paused": True}, rows, until)
        return
    ends = "`massgen-rl resume`" if model == ALL_MODELS else f"`massgen-rl resume {model}`"
    tell(f"{_named(model)}: paused {until_text(until, f'until {ends}')}.")
    calls = f"{count} call{' waits' if count == 1 else 's wait'}"
    tell(f"No call is sent, {calls}, no turn ends: max_wait is suspended.")
    _tell_of_processes(here.store, rows)


def report_resume(here: Here, ended: Sequence[SteeringEntry], *, as_json: bool) -> None:
    """Report the end of a pause."""
    rows = followers()
    if as_json:
        _emit([each.model for each in ended], {"paused": bool(ended)}, {"paused": False}, rows)
        return
    for each in ended:
        tell(f"{_named(each.model)}: goes on, after {describe_span(time.time() - each.at)}.")
    if ended:
        _tell_of_processes(here.store, rows)
    else:
        tell("Nothing was paused.")


def _paused(steering: Steering, model: str) -> bool:
    return bool(steering.entries) and steering.pause_of("" if model == ALL_MODELS else model) is not None


def _named(model: str) -> str:
    return "all models" if model == ALL_MODELS else model


def _tell_of_processes(store: str, rows: Sequence[Follower], cure: str = "") -> None:
    tell_followers(rows, cure)
    if "://" in store:
        tell("Other machines that share the Redis server do not follow: run the same command there.")


def _emit(
    model: object, before: object, after: object, rows: Sequence[Follower], until: float | None = None
) -> None:
    emit_json(
        {
            "model": model,
            "before": before,
            "after": after,
            "until": until,
            "processes": [row.as_json() for row in rows],
        }
    )
