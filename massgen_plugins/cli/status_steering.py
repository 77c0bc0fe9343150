"""Displays temporary changes in `status` and `watch`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from massgen_plugins.cli.looking import Looked
from massgen_plugins.profiles.steering import PAUSED, SteeringEntry
from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["steering_json", "steering_note", "steering_notes"]


def steering_notes(view: PoolView, looked: Looked) -> Iterator[tuple[str, str]]:
    """Sentences with their styles."""
    name = view.pool.name
    pause = looked.steering.pause_of(name)
    if pause is not None:
        yield steering_note(pause), "cyan"
    for entry in looked.steering.values_of(name).values():
        yield steering_note(entry), "cyan"


def steering_note(entry: SteeringEntry) -> str:
    """Describe an entry, with the command that ends it."""
    if entry.key == PAUSED:
        return f"paused{_by(entry)}{_until(entry)}: no call is sent, and no turn ends (`massgen-rl resume`)"
    value = "none" if entry.value is None else f"{entry.value:,}"
    return f"set{_by(entry)}{_until(entry)}: {entry.key} {value} (`massgen-rl unset {entry.model}`)"


def steering_json(view: PoolView, looked: Looked) -> dict[str, Any]:
    """The same as JSON values."""
    pause = looked.steering.pause_of(view.pool.name)
    values = looked.steering.values_of(view.pool.name).values()
    return {
        "paused": None if pause is None else _entry(pause),
        "set": [{"key": each.key, "value": each.value, **_entry(each)} for each in values],
    }


def _entry(entry: SteeringEntry) -> dict[str, Any]:
    return {"by": entry.by, "since": entry.at, "until": entry.until}


def _by(entry: SteeringEntry) -> str:
    return f" by {entry.by}" if entry.by else ""


def _until(entry: SteeringEntry) -> str:
    return f" until {datetime.fromtimestamp(entry.until).astimezone():%H:%M:%S}" if entry.until else ""
