"""Which running processes follow a change, and which do not, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from massgen_plugins.cli.output import as_home, tell
from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.families import matches

if TYPE_CHECKING:
    from massgen_plugins.live.presence import Presence

__all__ = ["Follower", "followers", "tell_followers", "waiting_calls"]


@dataclass(frozen=True, slots=True)
class Follower:
    """A running process, and what a change means to it.

    Attributes:
        pid: Its number.
        team: Path of its MassGen configuration; "" if it has none.
        why: Why it does not follow; "" if it does.
    """

    pid: int
    team: str
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"pid": self.pid, "team": self.team, "follows": not self.why, "why": self.why}


def followers(
    model: str = "", keys: Collection[str] = (), *, layers: Collection[str] = ("run",)
) -> list[Follower]:
    """Every process on this machine with limited agents, the oldest first.

    Args:
        model: The model or family that is changed; "" if the change is stronger than any YAML.
        keys: The limits that are changed.
        layers: What is stronger than the change: ``run``, the process's own YAML, and ``project``, the
            settings of its directory.
    """
    return [_follower(each, model, keys, layers) for each in _running()]


def waiting_calls(model: str = "*") -> int:
    """How many calls wait for a model now, or for any, in all processes of this machine."""
    return sum(model in {"*", call.model} for each in _running() for call in each.waiting)


def tell_followers(rows: Iterable[Follower], cure: str = "") -> None:
    """A line for each process; ``cure`` is what makes those follow that do not."""
    known = list(rows)
    for row in known:
        team = as_home(row.team) if row.team else "no YAML file"
        verdict = f"does not: {row.why}" if row.why else "follows"
        tell(f"  pid {row.pid} ({team}) {verdict}")
    if not known:
        tell("  No limited run is under way on this machine; the next one begins with it.")
    elif cure and any(row.why for row in known):
        tell(f"  -> {cure}")


def _running() -> list[Presence]:
    from massgen_plugins.live.presence import read_all

    return read_all()


def _follower(process: Presence, model: str, keys: Collection[str], layers: Collection[str]) -> Follower:
    why = ""
    if model and "run" in layers and process.team:
        why = _stronger(Path(process.team), model, keys, "its own YAML says")
    if model and not why and "project" in layers and process.directory:
        path = Path(process.directory) / ".massgen" / "rate_limit.yaml"
        why = _stronger(path, model, keys, "its project says") if path.is_file() else ""
    return Follower(process.pid, process.team, why)


def _stronger(path: Path, model: str, keys: Collection[str], who: str) -> str:
    """What a file says of the same limits of the same model; "" if nothing."""
    from massgen_plugins.cli.model_names import example_of
    from massgen_plugins.cli.team_file import team_layer
    from massgen_plugins.profiles.layers import read_layer
    from massgen_plugins.profiles.strict_yaml import load_yaml

    try:
        layer = team_layer(path) if who.endswith("YAML says") else read_layer(load_yaml(path), "project")
    except ConfigurationError:
        return ""  # it holds what it held before, and has said so
    models = layer.block.models if layer else {}
    for family in reversed(matches(models, example_of(model))):
        for key, value in models[family].items():
            if layer and key in keys:
                line = layer.document.place("models", family, key).line
                said = (
                    "none" if value is None else f"{value:,}" if isinstance(value, int | float) else "a list"
                )
                return f"{who} {key} {said} ({path.name}{f':{line}' if line else ''})"
    return ""
