"""Determines which running processes apply a change, and why others do not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from massgen_plugins.cli.output import as_home, tell
from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.families import matches

if TYPE_CHECKING:
    from massgen_plugins.live.presence import Presence
    from massgen_plugins.profiles.layers import Layer

__all__ = ["Follower", "followers", "profile_followers", "tell_followers", "waiting_calls"]

_WHO = {"run": "its own YAML says", "project": "its project says"}


@dataclass(frozen=True, slots=True)
class Follower:
    """A running process, and whether it applies a change.

    Attributes:
        pid: Its process ID.
        team: Path of its MassGen configuration; "" if it has none.
        why: Why it does not apply the change; "" if it does.
        known: Whether its configuration could be read; one that was created in code cannot.
    """

    pid: int
    team: str
    why: str = ""
    known: bool = True

    def as_json(self) -> dict[str, Any]:
        """Convert to JSON values."""
        return {"pid": self.pid, "team": self.team, "follows": not self.why, "why": self.why}


def followers(model: str = "", keys: Collection[str] = (), *, settings: bool = False) -> list[Follower]:
    """All processes on this machine with limited agents, oldest first.

    Args:
        model: The changed model or family; "" if the change overrides all files.
        keys: The changed limits.
        settings: Whether the user's settings are changed, which a project's settings override.
    """
    rows = []
    for process in _running():
        layers = list(_layers(process, project=settings)) if model else []
        reasons = (
            _limit_in(each, model, keys) or (_not_inheriting(each) if settings else "") for each in layers
        )
        known = bool(process.team) or not model
        rows.append(Follower(process.pid, process.team, next(filter(None, reasons), ""), known))
    return rows


def profile_followers(provider: str, providers: Mapping[str, str]) -> list[Follower]:
    """All processes, and whether they apply a change of a provider's profile in the user's settings.

    Args:
        provider: The provider whose profile has changed.
        providers: Providers by profile name.
    """
    rows = []
    for process in _running():
        reasons = (
            _profile_in(each, provider, providers) or _not_inheriting(each)
            for each in _layers(process, project=True)
        )
        rows.append(Follower(process.pid, process.team, next(filter(None, reasons), "")))
    return rows


def waiting_calls(model: str = "*") -> int:
    """Number of calls waiting for a model, or for any, in all processes on this machine."""
    return sum(
        model == "*" or bool(matches([model], call.model)) for each in _running() for call in each.waiting
    )


def tell_followers(rows: Iterable[Follower], cure: str = "") -> None:
    """Print a line per process; ``cure`` tells how to make the others apply the change."""
    known = list(rows)
    for row in known:
        team = as_home(row.team) if row.team else "no YAML file"
        unless = "" if row.known else ", unless its program states these limits itself"
        verdict = f"does not: {row.why}" if row.why else f"follows{unless}"
        tell(f"  pid {row.pid} ({team}) {verdict}")
    if not known:
        tell("  No limited run is under way on this machine; the next one begins with it.")
    elif cure and any(row.why for row in known):
        tell(f"  -> {cure}")


def _running() -> list[Presence]:
    from massgen_plugins.live.presence import read_all

    return read_all()


def _layers(process: Presence, *, project: bool) -> Iterator[Layer]:
    """The layers that override the user's settings, without unreadable ones, which have been reported."""
    from massgen_plugins.cli.team_file import team_layer
    from massgen_plugins.profiles.layers import read_layer
    from massgen_plugins.profiles.strict_yaml import load_yaml

    if process.team:
        try:
            layer = team_layer(Path(process.team))
        except ConfigurationError:
            layer = None
        if layer:
            yield layer
    path = Path(process.directory) / ".massgen" / "rate_limit.yaml"
    if project and process.directory and path.is_file():
        try:
            yield read_layer(load_yaml(path), "project")
        except ConfigurationError:
            return


def _limit_in(layer: Layer, model: str, keys: Collection[str]) -> str:
    """The same limits of the same model in a file; "" if it has none."""
    from massgen_plugins.cli.model_names import example_of

    for family in reversed(matches(layer.block.models, example_of(model))):
        for key, value in layer.block.models[family].items():
            if key in keys:
                return f"{_WHO[layer.role]} {key} {_said(value)} ({_place(layer, 'models', family, key)})"
    return ""


def _profile_in(layer: Layer, provider: str, providers: Mapping[str, str]) -> str:
    for of, name in layer.block.profile.items():
        if (of or providers.get(name)) == provider:
            return f"{_WHO[layer.role]} profile {name} ({_place(layer, 'profile', of)})"
    return ""


def _not_inheriting(layer: Layer) -> str:
    said = f"{_WHO[layer.role]} inherit: false ({_place(layer, 'inherit')})"
    return "" if layer.block.inherit else said


def _said(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:,}" if isinstance(value, int | float) else "a list"


def _place(layer: Layer, *path: object) -> str:
    line = layer.document.place(*path).line
    name = Path(layer.document.source).name
    return f"{name}:{line}" if line else name
