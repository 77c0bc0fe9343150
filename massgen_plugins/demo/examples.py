"""MassGen's shipped examples that the demo can run, and the line that it adds to them."""

from __future__ import annotations

import difflib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from massgen_plugins.demo.failure import DemoError
from massgen_plugins.installation import install_whole_set

__all__ = ["DEFAULT_EXAMPLE", "Example", "example_names", "find_example"]

DEFAULT_EXAMPLE = "basic/multi/six_gemini_agents"
"""Five Flash agents and one Pro: MassGen's example of a team that was meant to stay within its limits."""

_NEEDS = frozenset({"mcp_servers", "cwd", "enable_code_execution", "enable_mcp_command_line"})
"""Backend settings that need more than a model, such as other programs or files."""


@dataclass(frozen=True, slots=True)
class Example:
    """A shipped example, with and without the switch.

    Attributes:
        name: Its path in MassGen's ``configs``, without suffix.
        agents: Number of agents.
        models: Their models.
        text: The example as YAML.
        switched: The same with ``enable_rate_limit: true`` in every agent's backend, and nothing else.
    """

    name: str
    agents: int
    models: tuple[str, ...]
    text: str
    switched: str

    def first_change(self) -> str:
        """The switch in the first agent, as lines of a diff."""
        lines = difflib.unified_diff(self.text.splitlines(), self.switched.splitlines(), n=2, lineterm="")
        change: list[str] = []
        for line in list(lines)[3:]:
            if line.startswith("@@"):
                break
            change.append(line)
        return "\n".join(change)


def find_example(name: str) -> Example:
    """Read a shipped example.

    Raises:
        DemoError: MassGen is not installed, or the example cannot be run against the sandbox.
    """
    folder = _configs()
    wanted = name.removeprefix("@examples/").removesuffix(".yaml")
    config = _suitable(folder / f"{wanted}.yaml")
    if config is None:
        names = ", ".join(_suitable_names(folder))
        raise DemoError(f"There is no example {name[:80]!r} that needs only Gemini; choose one of: {names}.")
    backends = [agent["backend"] for agent in config["agents"]]
    text = _dump(config)
    for backend in backends:
        backend["enable_rate_limit"] = True
    models = tuple(dict.fromkeys(str(backend["model"]) for backend in backends))
    return Example(wanted, len(backends), models, text, _dump(config))


def example_names() -> list[str]:
    """The examples that can be run; empty without MassGen."""
    try:
        return _suitable_names(_configs())
    except DemoError:
        return []


def _configs() -> Path:
    spec = importlib.util.find_spec("massgen")
    if spec is None or spec.origin is None:
        raise DemoError(f"There is no MassGen in this environment; run `{install_whole_set()}`.")
    return Path(spec.origin).parent / "configs"


def _suitable_names(folder: Path) -> list[str]:
    found = sorted(folder.rglob("*.yaml"))
    return [path.relative_to(folder).with_suffix("").as_posix() for path in found if _suitable(path)]


def _suitable(path: Path) -> dict[str, Any] | None:
    """The example in a file, if it is a pure Gemini team."""
    try:
        text = path.read_text(encoding="utf-8")
        if "gemini" not in text:  # parsing all of them takes seconds
            return None
        config = yaml.safe_load(text)
        agents = config["agents"]
        backends = [agent["backend"] for agent in agents]
        fitting = len(agents) > 1 and all(b["type"] == "gemini" and b["model"] for b in backends)
    except (OSError, ValueError, TypeError, LookupError, yaml.YAMLError):
        return None
    if not fitting or config.get("orchestrator") or any(_NEEDS & set(backend) for backend in backends):
        return None
    return dict(config)


def _dump(config: dict[str, Any]) -> str:
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
