"""Temporary changes to running teams: limits that hold until a moment, and pauses.

They stand in one small file beside the store, ``steering.json``, readable by its owner only; every process of
this user on this machine follows within one second. They are stronger than profiles, the user's and the
project's settings, and stronger than the run's own YAML only if that was asked for.

To read is cheap (neither YAML nor pydantic is imported); to write takes a lock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from massgen_plugins.profiles.document import Place, wrong
from massgen_plugins.profiles.steering_values import (
    ALL_MODELS,
    LONGEST,
    NO_STEERING,
    PAUSED,
    Number,
    Steering,
    SteeringEntry,
    parse,
    written,
)

if TYPE_CHECKING:
    from massgen_plugins.errors import ConfigurationError

__all__ = [
    "ALL_MODELS",
    "NO_STEERING",
    "PAUSED",
    "Number",
    "Steering",
    "SteeringEntry",
    "change_steering",
    "pause",
    "read_steering",
    "resume",
    "set_values",
    "unread",
    "unset",
    "with_values",
]


def read_steering(path: Path | None = None, now: float | None = None) -> Steering:
    """What holds now.

    Args:
        path: The file; the user's own if None.
        now: Seconds since the epoch; the clock's if None.

    Raises:
        ConfigurationError: The file cannot be read or is damaged.
    """
    from massgen_plugins.profiles.places import exists, steering_path
    from massgen_plugins.profiles.safe_files import read_text

    path = path or steering_path()
    if path is None or not exists(path):
        return NO_STEERING
    return parse(read_text(path), path).at(time.time() if now is None else now)


def unread(error: ConfigurationError) -> str:
    """What is said of a file that cannot be read: everything else goes on without it."""
    what = str(error).partition(";")[0].rstrip(".")
    return f"{what}, so no pause and no temporary limit holds; `massgen-rl resume` writes the file anew."


def change_steering(
    change: Callable[[Steering], Steering], path: Path | None = None, now: float | None = None
) -> tuple[Steering, Steering]:
    """Replace what holds by what ``change`` makes of it, as one step among all who do so.

    Returns:
        What held before, and what holds now.

    Raises:
        ConfigurationError: There is no home directory, or the file cannot be written.
    """
    from massgen_plugins.errors import ConfigurationError
    from massgen_plugins.profiles.places import steering_path
    from massgen_plugins.profiles.safe_files import update_text

    path = path or steering_path()
    if path is None:
        raise ConfigurationError("There is no home directory to keep temporary limits in; set HOME.")
    moment = time.time() if now is None else now
    seen: list[Steering] = []

    def rewrite(text: str) -> str:
        try:
            before = parse(text, path).at(moment)
        except ConfigurationError:
            before = NO_STEERING  # what cannot be read holds nowhere
        seen[:] = before, change(before)
        return written(seen[1])

    update_text(path, rewrite, variable="XDG_STATE_HOME")
    return seen[0], seen[1]


def with_values(
    known: Steering,
    model: str,
    values: Mapping[str, Number | str],
    *,
    until: float | None = None,
    over_yaml: bool = False,
) -> Steering:
    """What would hold after :func:`set_values`; arguments and errors as there. Nothing is written."""
    from massgen_plugins.profiles.limit_values import check_changes

    check_changes(model, values, "set")
    if "limits" in values:
        raise wrong(Place("set"), "limits is a list; write it into a file, or set one of the other keys")
    entry = SteeringEntry(model, "", None, until, over_yaml, _user(), time.time())
    new = [
        replace(entry, key=key, value=None if isinstance(value, str) else value)
        for key, value in values.items()
    ]
    return Steering((*known.without(model, values).entries, *new))


def set_values(
    model: str,
    values: Mapping[str, Number | str],
    *,
    until: float | None = None,
    over_yaml: bool = False,
    path: Path | None = None,
) -> tuple[Steering, Steering]:
    """Let limits of a model hold until a moment; what else is set for it stays.

    Args:
        model: A model or family.
        values: Limit keys, such as ``rpm``, to numbers; None or ``none`` takes a limit away.
        until: Seconds since the epoch; None: until they are taken back.
        over_yaml: Whether they are stronger than the run's own YAML.
        path: The file; the user's own if None.

    Returns:
        What held before, and what holds now.

    Raises:
        ConfigurationError: A name or value is wrong, or the file cannot be written.
    """
    return change_steering(
        lambda known: with_values(known, model, values, until=until, over_yaml=over_yaml), path
    )


def unset(
    model: str | None = None, keys: Iterable[str] = (), *, path: Path | None = None
) -> tuple[Steering, Steering]:
    """Take temporary limits back: of a model, or of all if it is None; with keys only these. Pauses stay.

    Returns:
        What held before, and what holds now.
    """
    wanted = frozenset(keys)

    def change(known: Steering) -> Steering:
        pauses = [each for each in known.entries if each.key == PAUSED]
        limits = Steering(tuple(each for each in known.entries if each.key != PAUSED))
        return Steering((*limits.without(model, wanted).entries, *pauses))

    return change_steering(change, path)


def pause(
    model: str = ALL_MODELS, *, until: float | None = None, path: Path | None = None
) -> tuple[Steering, Steering]:
    """Let nothing leave to a model, or to any; no turn ends by it. Arguments and answer as of the others."""
    entry = SteeringEntry(model, PAUSED, None, until, True, _user(), time.time())
    return change_steering(lambda known: Steering((*known.without(model, [PAUSED]).entries, entry)), path)


def resume(model: str | None = None, *, path: Path | None = None) -> tuple[Steering, Steering]:
    """End the pause of a model; every one if it is None."""
    return change_steering(lambda known: known.without(model, [PAUSED]), path)


def _user() -> str:
    from getpass import getuser

    try:
        return getuser()[:LONGEST]
    except (OSError, KeyError, ImportError):  # a user without a name
        return ""
