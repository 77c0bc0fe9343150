"""Displays ``limits``, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from massgen_plugins.cli.limits_found import Found, ModelFound
from massgen_plugins.cli.output import as_home
from massgen_plugins.cli.screen import Line, Span, wrapped
from massgen_plugins.profiles.document import Place
from massgen_plugins.profiles.origins import LimitOrigin, Said, SettingOrigin
from massgen_plugins.profiles.places import find_places

__all__ = ["as_document", "lines"]

_LAYERS = {
    "steering": "massgen-rl set",
    "run": "the run's YAML",
    "project": "this project",
    "user": "your settings",
    "profile": "the profile",
    "default": "default",
}


def lines(found: Found, width: int, *, origin: bool) -> Iterator[Line]:
    """Lines of at most ``width`` columns; with ``origin``, including locations and overridden values."""
    for number, model in enumerate(found.models):
        if number:
            yield ()
        yield from _model_lines(model, width, origin=origin)
    if origin:
        yield ()
        yield (Span("settings", "bold"),)
        for setting in found.settings:
            yield from _setting_lines(setting, width)


def as_document(found: Found) -> dict[str, Any]:
    """The JSON document, independent of ``origin``."""
    return {
        "models": [
            {
                "model": each.model,
                "provider": each.provider,
                "profile": each.profile,
                "safety_margin": each.margin,
                "paused": each.paused,
                "limits": [_limit_document(row) for row in each.limits],
                "learned": [{"key": limit.key, "amount": limit.amount} for limit in each.learned],
            }
            for each in found.models
        ],
        "settings": [_said_document(each.key, each.said) for each in found.settings],
    }


def _model_lines(model: ModelFound, width: int, *, origin: bool) -> Iterator[Line]:
    margin = f", {model.margin:.0%} margin taken off" if model.margin else ""
    whose = f"{model.provider or 'no provider names it'}, {model.profile or 'no profile'}{margin}"
    yield from wrapped(f"{model.model}  ({whose})", width, style="bold")
    if model.paused:
        yield from wrapped("paused: no call is sent until `massgen-rl resume`", width, 2, "yellow")
    for limit in model.limits:
        yield from _limit_lines(limit, width, origin=origin)
    if not model.limits:
        yield from wrapped("no limit is stated: limits are learned", width, 2)
    for learned in model.learned:
        cure = f"`massgen-rl forget {model.model}` drops it"
        yield from wrapped(f"learned: {learned}, which overrides all others ({cure})", width, 2, "yellow")


def _limit_lines(row: LimitOrigin, width: int, *, origin: bool) -> Iterator[Line]:
    first, *hidden = row.said
    unit = " s" if row.key == "cooldown" else ""
    value = "; ".join(map(str, row.limits)) or f"{_written(first.value)}{unit}"
    stated = _written(first.value)
    note = f" (stated {stated})" if len(row.limits) == 1 and f"{row.limits[0].amount:,}" != stated else ""
    where = _place(first) if origin else _LAYERS[first.layer]
    yield from wrapped(f"{row.key}: {value}{note}, {where}", width, 2)
    if origin and hidden:
        what = ", ".join(f"{_written(each.value)} ({_place(each)})" for each in hidden)
        yield from wrapped(f"hides {what}", width, 4, "dim")


def _setting_lines(row: SettingOrigin, width: int) -> Iterator[Line]:
    first, *hidden = row.said
    yield from wrapped(f"{row.key}: {_written(first.value)}, {_place(first)}", width, 2)
    told = [each for each in hidden if each.layer != "default"]
    if told:
        what = ", ".join(f"{_written(each.value)} ({_place(each)})" for each in told)
        yield from wrapped(f"hides {what}", width, 4, "dim")


def _written(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return "a list"
    return as_home(str(value))


def _place(said: Said) -> str:
    if said.layer in {"steering", "default"}:
        return _LAYERS[said.layer]
    return _file(said.place)


def _file(place: Place) -> str:
    path = Path(place.source)
    shipped = path.parent == find_places().shipped_dir
    name = f"{_LAYERS['profile']} built in, {path.name}" if shipped else as_home(place.source)
    return f"{name}:{place.line}" if place.line else name


def _limit_document(row: LimitOrigin) -> dict[str, Any]:
    in_force = [{"key": limit.key, "amount": limit.amount} for limit in row.limits]
    return {**_said_document(row.key, row.said), "in_force": in_force}


def _said_document(key: str, said: Sequence[Said]) -> dict[str, Any]:
    first, *hidden = [_one(each) for each in said]
    return {"key": key, **first, "hides": hidden}


def _one(said: Said) -> dict[str, Any]:
    plain = said.value if isinstance(said.value, str | int | float | bool | list | None) else str(said.value)
    file = "" if said.layer in {"steering", "default"} else said.place.source
    return {"value": plain, "layer": said.layer, "file": file, "line": said.place.line}
