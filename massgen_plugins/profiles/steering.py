"""Temporary changes to running teams: limits that hold until a moment, and pauses.

They stand in one small file beside the store, ``steering.json``, readable by its owner only; every process of
this user on this machine follows within one second. They are stronger than profiles, the user's and the
project's settings, and stronger than the run's own YAML only if that was asked for.

To read is cheap (neither YAML nor pydantic is imported); to write takes a lock.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from massgen_plugins.profiles.document import Place, wrong
from massgen_plugins.profiles.families import matches

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
    "unset",
]

Number: TypeAlias = int | float | None
"""A limit's value as it is written; None takes the limit away."""

ALL_MODELS = "*"
"""Instead of a model: every one. For pauses only."""

PAUSED = "paused"
"""Instead of a limit's key: nothing leaves."""

_LONGEST = 128
_MOST = 200
_MOST_AMOUNT = 10**12


@dataclass(frozen=True, slots=True)
class SteeringEntry:
    """One temporary value.

    Attributes:
        model: A model, a family such as ``gemini-*-flash``, or :data:`ALL_MODELS`.
        key: A limit's key, such as ``rpm``, or :data:`PAUSED`.
        value: The limit as it is written, before the safety margin; None takes the limit away.
        until: When it ends, in seconds since the epoch; None: when somebody takes it back.
        over_yaml: Whether it is stronger than the run's own YAML.
        by: Who set it: a login name.
        at: When it was set, in seconds since the epoch.
    """

    model: str
    key: str
    value: Number = None
    until: float | None = None
    over_yaml: bool = False
    by: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Steering:
    """All temporary values.

    Attributes:
        entries: At most one for each model and key.
    """

    entries: tuple[SteeringEntry, ...] = ()

    def at(self, now: float) -> Steering:
        """What still holds at a moment."""
        left = tuple(each for each in self.entries if each.until is None or each.until > now)
        return self if len(left) == len(self.entries) else Steering(left)

    @property
    def next_end(self) -> float:
        """When the next of them ends by itself; infinite if none does."""
        return min((each.until for each in self.entries if each.until is not None), default=math.inf)

    def pause_of(self, model: str, *aliases: str) -> SteeringEntry | None:
        """The pause that holds for a model, under its own name or another; None if there is none."""
        found = [each for each in self.entries if each.key == PAUSED]
        everywhere = [each for each in found if each.model == ALL_MODELS]
        return next(iter(everywhere or _closest_last(found, (*aliases, model))[::-1]), None)

    def values_of(self, model: str, *aliases: str) -> dict[str, SteeringEntry]:
        """The limits that hold for a model, by key: the closest name wins, its own before an alias."""
        found = [each for each in self.entries if each.key != PAUSED]
        return {each.key: each for each in _closest_last(found, (*aliases, model))}

    def without(self, model: str | None, keys: Iterable[str] = ()) -> Steering:
        """All others; of a model that is None every one, and with keys only these."""
        gone = frozenset(keys)
        return Steering(
            tuple(
                each
                for each in self.entries
                if not (model in (None, each.model) and (not gone or each.key in gone))
            )
        )


NO_STEERING = Steering()


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
    return _parse(read_text(path), path).at(time.time() if now is None else now)


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
            before = _parse(text, path).at(moment)
        except ConfigurationError:
            before = NO_STEERING  # what cannot be read holds nowhere
        seen[:] = before, change(before)
        return json.dumps({"entries": [asdict(each) for each in seen[1].entries]}, indent=1) + "\n"

    update_text(path, rewrite, variable="XDG_STATE_HOME")
    return seen[0], seen[1]


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
    from massgen_plugins.profiles.limit_values import check_changes

    check_changes(model, values, "set")
    if "limits" in values:
        raise wrong(Place("set"), "limits is a list; write it into a file, or set one of the other keys")
    entry = SteeringEntry(model, "", None, until, over_yaml, _user(), time.time())
    new = [
        replace(entry, key=key, value=None if isinstance(value, str) else value)
        for key, value in values.items()
    ]
    return change_steering(lambda known: Steering((*known.without(model, values).entries, *new)), path)


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


def _closest_last(entries: Iterable[SteeringEntry], names: Iterable[str]) -> list[SteeringEntry]:
    known = list(entries)
    found: list[SteeringEntry] = []
    for name in names:
        for family in matches(dict.fromkeys(each.model for each in known), name):
            found += [each for each in known if each.model == family]
    return found


def _parse(text: str, path: Path) -> Steering:
    if not text.strip():
        return NO_STEERING
    try:
        rows = json.loads(text)["entries"]
        return Steering(tuple(map(_entry, rows[:_MOST])))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise wrong(
            Place(str(path)), "the file is damaged; remove it: temporary limits end by that"
        ) from error


def _entry(row: Mapping[str, Any]) -> SteeringEntry:
    model, key, by = (str(row[name])[:_LONGEST] for name in ("model", "key", "by"))
    value, until, at = row["value"], row["until"], _seconds(row["at"])
    if not (key.isascii() and key.replace("_", "").isalpha()) or key == "limits":
        raise ValueError("no such key")
    if value is not None and not 0 <= _number(value) <= _MOST_AMOUNT:
        raise ValueError("no such amount")
    until = None if until is None else _seconds(until)
    return SteeringEntry(model, key, value, until, row["over_yaml"] is True, by, at)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError("no number")
    return value


def _seconds(value: Any) -> float:
    return float(_number(value))


def _user() -> str:
    from getpass import getuser

    try:
        return getuser()[:_LONGEST]
    except (OSError, KeyError, ImportError):  # a user without a name
        return ""
