"""Temporary changes to running teams: limits with an end, and pauses.

They are kept in a small file next to the store, ``steering.json``, readable by its owner only; every process
of this user on this machine applies changes within one second. They override profiles and the user's and the
project's settings, and the run's own YAML only on request.

Reading is cheap (imports neither YAML nor pydantic); writing takes a lock.
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
    """Read the temporary values in force.

    Args:
        path: The file; None for the user's own.
        now: Seconds since the epoch; None for the current time.

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
    """The message about a file that cannot be read, and is ignored."""
    what = str(error).partition(";")[0].rstrip(".")
    return f"{what}, so no pause and no temporary limit applies; `massgen-rl resume` rewrites the file."


def change_steering(
    change: Callable[[Steering], Steering], path: Path | None = None, now: float | None = None
) -> tuple[Steering, Steering]:
    """Replace the temporary values by the result of ``change``, atomically.

    Returns:
        The previous and the new values.

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
            before = NO_STEERING  # an unreadable file is in force nowhere
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
    """The result of :func:`set_values` without writing it; arguments and errors as there."""
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
    """Set temporary limits of a model; other keys are kept.

    Args:
        model: A model or family.
        values: Limit keys, such as ``rpm``, to numbers; None or ``none`` removes a limit.
        until: End, in seconds since the epoch; None: until they are removed.
        over_yaml: Whether they override the run's own YAML.
        path: The file; None for the user's own.

    Returns:
        The previous and the new values.

    Raises:
        ConfigurationError: A name or value is invalid, or the file cannot be written.
    """
    return change_steering(
        lambda known: with_values(known, model, values, until=until, over_yaml=over_yaml), path
    )


def unset(
    model: str | None = None, keys: Iterable[str] = (), *, path: Path | None = None
) -> tuple[Steering, Steering]:
    """Remove temporary limits of a model, or of all if it is None; given keys, only these. Keeps pauses.

    Returns:
        The previous and the new values.
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
    """Hold calls to a model, or to all models, without ending any turn. See :func:`set_values`."""
    entry = SteeringEntry(model, PAUSED, None, until, True, _user(), time.time())
    return change_steering(lambda known: Steering((*known.without(model, [PAUSED]).entries, entry)), path)


def resume(model: str | None = None, *, path: Path | None = None) -> tuple[Steering, Steering]:
    """End the pause of a model; None for all pauses."""
    return change_steering(lambda known: known.without(model, [PAUSED]), path)


def _user() -> str:
    from getpass import getuser

    try:
        return getuser()[:LONGEST]
    except (OSError, KeyError, ImportError):  # a user without a login name
        return ""
