"""Temporary limits and pauses, and their file format. Imports neither YAML nor pydantic."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from massgen_plugins.profiles.document import Place, wrong
from massgen_plugins.profiles.families import matches

__all__ = [
    "ALL_MODELS",
    "LONGEST",
    "NO_STEERING",
    "PAUSED",
    "Number",
    "Steering",
    "SteeringEntry",
    "parse",
    "written",
]

Number: TypeAlias = int | float | None
"""A limit's value as written; None removes the limit."""

ALL_MODELS = "*"
"""Stands for all models; for pauses only."""

PAUSED = "paused"
"""Stands for a pause, in place of a limit's key."""

LONGEST = 128
"""Maximum length of a name."""

_MOST = 200
_MOST_AMOUNT = 10**12


@dataclass(frozen=True, slots=True)
class SteeringEntry:
    """One temporary value.

    Attributes:
        model: A model, a family such as ``gemini-*-flash``, or :data:`ALL_MODELS`.
        key: A limit's key, such as ``rpm``, or :data:`PAUSED`.
        value: The limit as written, before the safety margin; None removes the limit.
        until: When it ends, in seconds since the epoch; None: until it is removed.
        over_yaml: Whether it overrides the run's own YAML.
        by: Login name of the user who set it.
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
        entries: At most one per model and key.
    """

    entries: tuple[SteeringEntry, ...] = ()

    def at(self, now: float) -> Steering:
        """The values in force at a time."""
        left = tuple(each for each in self.entries if each.until is None or each.until > now)
        return self if len(left) == len(self.entries) else Steering(left)

    @property
    def next_end(self) -> float:
        """When the next value expires; infinite if none does."""
        return min((each.until for each in self.entries if each.until is not None), default=math.inf)

    def pause_of(self, model: str, *aliases: str) -> SteeringEntry | None:
        """The pause in force for a model, under its name or an alias; None if there is none."""
        found = [each for each in self.entries if each.key == PAUSED]
        everywhere = [each for each in found if each.model == ALL_MODELS]
        return next(iter(everywhere or _closest_last(found, (*aliases, model))[::-1]), None)

    def values_of(self, model: str, *aliases: str) -> dict[str, SteeringEntry]:
        """The limits in force for a model, by key: the closest name wins, its own before an alias."""
        found = [each for each in self.entries if each.key != PAUSED]
        return {each.key: each for each in _closest_last(found, (*aliases, model))}

    def without(self, model: str | None, keys: Iterable[str] = ()) -> Steering:
        """All values except those of a model (None: of all models); given keys, except only these."""
        gone = frozenset(keys)
        return Steering(
            tuple(
                each
                for each in self.entries
                if not (model in (None, each.model) and (not gone or each.key in gone))
            )
        )


NO_STEERING = Steering()


def written(steering: Steering) -> str:
    """The text of the file, for :func:`parse`."""
    return json.dumps({"entries": [asdict(each) for each in steering.entries]}, indent=1) + "\n"


def parse(text: str, path: Path) -> Steering:
    """Parse the text of the file, which may be empty.

    Raises:
        ConfigurationError: The file is damaged.
    """
    if not text.strip():
        return NO_STEERING
    try:
        rows = json.loads(text)["entries"]
        return Steering(tuple(map(_entry, rows[:_MOST])))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise wrong(
            Place(str(path)), "the file is damaged; remove it, which ends all temporary limits"
        ) from error


def _entry(row: Mapping[str, Any]) -> SteeringEntry:
    model, key, by = (str(row[name])[:LONGEST] for name in ("model", "key", "by"))
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


def _closest_last(entries: Iterable[SteeringEntry], names: Iterable[str]) -> list[SteeringEntry]:
    known = list(entries)
    found: list[SteeringEntry] = []
    for name in names:
        for family in matches(dict.fromkeys(each.model for each in known), name):
            found += [each for each in known if each.model == family]
    return found
