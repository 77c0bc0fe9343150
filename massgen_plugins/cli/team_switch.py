"""Adds ``enable_rate_limit: true`` to every backend in a team's YAML, preserving everything else."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.document import Place, wrong
from massgen_plugins.profiles.safe_files import read_text

__all__ = ["Team", "find_team"]

_SWITCH = "enable_rate_limit"


class Team:
    """A team's YAML, before and after adding the switch.

    Attributes:
        path: The file.
        before: Its text.
        after: Its text with the switch in every backend that lacks it.
        backends: The original backends of the agents.

    Raises:
        ConfigurationError: It is not a MassGen configuration, or cannot be edited safely.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.before = read_text(path)
        place = Place(str(path))
        try:
            root = yaml.compose(self.before, yaml.SafeLoader)
            config = yaml.safe_load(self.before)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise wrong(place, f"this is not valid YAML ({' '.join(str(error).split())[:120]})") from error
        self.backends = _backends(config)
        if not self.backends:
            raise wrong(place, "this is not a MassGen configuration: no agent in it has a backend")
        self.after = _switched(self.before, root)
        if yaml.safe_load(self.after) != _with_switch(config):
            raise wrong(place, f"its layout cannot be changed automatically; write {_SWITCH}: true by hand")

    @property
    def off(self) -> int:
        """Number of agents with ``enable_rate_limit: false``."""
        return sum(backend.get(_SWITCH) is False for backend in self.backends)

    def diff(self) -> str:
        """The change as a diff."""
        name = self.path.name
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), name, name, lineterm="", n=2
        )
        return "\n".join(lines)

    def write(self) -> None:
        """Write the change.

        Raises:
            ConfigurationError: The file cannot be written.
        """
        try:
            self.path.write_text(self.after, encoding="utf-8", newline="")
        except OSError as error:
            raise wrong(Place(str(self.path)), f"the file cannot be written ({error.strerror})") from error


def find_team(directory: Path) -> Path | None:
    """The only MassGen configuration in a directory; None if there is none, or more than one."""
    found = []
    for path in sorted([*directory.glob("*.yaml"), *directory.glob("*.yml")]):
        try:
            Team(path)
        except ConfigurationError:
            continue
        found.append(path)
    return found[0] if len(found) == 1 else None


def _agents(config: Any) -> list[Any]:
    if not isinstance(config, dict):
        return []
    many = config.get("agents")
    one = config.get("agent")
    return [*(many if isinstance(many, list) else ()), *([one] if one else ())]


def _backends(config: Any) -> list[dict[str, Any]]:
    found = [agent.get("backend") for agent in _agents(config) if isinstance(agent, dict)]
    return [backend for backend in found if isinstance(backend, dict) and backend]


def _with_switch(config: Any) -> Any:
    for backend in _backends(config):
        backend.setdefault(_SWITCH, True)
    return config


def _switched(text: str, root: yaml.Node | None) -> str:
    inserts = {index: words for node in _backend_nodes(root) for index, words in [_insert(text, node)]}
    for index in sorted(inserts, reverse=True):
        text = text[:index] + inserts[index] + text[index:]
    return text


def _backend_nodes(root: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    seen: set[int] = set()
    for agents in (_child(root, "agents"), _child(root, "agent")):
        each_agent = agents.value if isinstance(agents, yaml.SequenceNode) else [agents]
        for agent in each_agent:
            backend = _child(agent, "backend")
            if isinstance(backend, yaml.MappingNode) and backend.value and id(backend) not in seen:
                seen.add(id(backend))
                if _child(backend, _SWITCH) is None:
                    yield backend


def _child(node: Any, name: str) -> Any:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if key.value == name), None)


def _insert(text: str, backend: yaml.MappingNode) -> tuple[int, str]:
    """Position and text of the insertion: after the first key, usually the type."""
    key, value = backend.value[0]
    if backend.flow_style:
        return key.start_mark.index, f"{_SWITCH}: true, "
    indent = " " * key.start_mark.column
    if isinstance(value, yaml.ScalarNode) and value.start_mark.line == key.start_mark.line:
        end = text.find("\n", value.end_mark.index)
        return (len(text) if end < 0 else end), f"\n{indent}{_SWITCH}: true"
    return key.start_mark.index, f"{_SWITCH}: true\n{indent}"
