"""Which running processes follow a change, and which do not, and why."""

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
    """A running process, and what a change means to it.

    Attributes:
        pid: Its number.
        team: Path of its MassGen configuration; "" if it has none.
        why: Why it does not follow; "" if it does.
        known: Whether its own configuration could be read; one that was made in a program cannot.
    """

    pid: int
    team: str
    why: str = ""
    known: bool = True

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"pid": self.pid, "team": self.team, "follows": not self.why, "why": self.why}


def followers(model: str = "", keys: Collection[str] = (), *, settings: bool = False) -> list[Follower]:
    """Every process on this machine with limited agents, the oldest first.

    Args:
        model: The model or family that is changed; "" if the change is stronger than any file.
        keys: The limits that are changed.
        settings: Whether the user's settings are changed, which a project's are stronger than.
    """
    rows = []
    for process in _running():
        layers = list(_layers(process, project=settings)) if model else []
        reasons = (_limit_in(each, model, keys) or (_apart(each) if settings else "") for each in layers)
        known = bool(process.team) or not model
        rows.append(Follower(process.pid, process.team, next(filter(None, reasons), ""), known))
    return rows


def profile_followers(provider: str, providers: Mapping[str, str]) -> list[Follower]:
    """Every process, and whether it takes another profile of a provider from the user's settings.

    Args:
        provider: Whose profile has changed.
        providers: Every profile's provider.
    """
    rows = []
    for process in _running():
        reasons = (
            _profile_in(each, provider, providers) or _apart(each) for each in _layers(process, project=True)
        )
        rows.append(Follower(process.pid, process.team, next(filter(None, reasons), "")))
    return rows


def waiting_calls(model: str = "*") -> int:
    """How many calls wait for a model now, or for any, in all processes of this machine."""
    return sum(
        model == "*" or bool(matches([model], call.model)) for each in _running() for call in each.waiting
    )


def tell_followers(rows: Iterable[Follower], cure: str = "") -> None:
    """A line for each process; ``cure`` is what makes those follow that do not."""
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
    """What is stronger than the user's settings; what cannot be read holds what it held, and has said so."""
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
    """What a file says of the same limits of the same model; "" if nothing."""
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


def _apart(layer: Layer) -> str:
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
