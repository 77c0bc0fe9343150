"""The configurations that MassGen ships, and the name under which each can be run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from website.generate.reading.example_features import features, needs
from website.generate.reading.host import massgen_module

__all__ = ["Example", "agents_of", "backend_of", "read_examples", "shipped_files"]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Example:
    """One shipped file.

    Attributes:
        path: Inside ``massgen/configs``, such as ``basic/single/single_agent.yaml``.
        name: What to write behind ``@examples/`` so that this file is found, whatever else is there.
        backends: Type and model of every agent, in order.
        needs: Keys (as environment variables) and programs that have to be there, such as ``Docker``.
        features: What it switches on, in words.
        valid: Whether MassGen's own validator accepts it as the configuration of a run.
    """

    path: str
    name: str
    backends: tuple[tuple[str, str], ...]
    needs: tuple[str, ...]
    features: tuple[str, ...]
    valid: bool


@cache
def read_examples(package: Path) -> list[Example]:
    """All of them, in the order of their paths."""
    files = shipped_files(package)
    paths = [path for path, _, _ in files]
    validator = massgen_module("config_validator").ConfigValidator()
    return [
        _example(path, text, content, paths, valid=validator.validate_config(content).is_valid())
        for path, text, content in files
    ]


@cache
def shipped_files(package: Path) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Path, text and content of every YAML file, in the order of their paths."""
    root = package / "configs"
    found = []
    for path in sorted(path.relative_to(root).as_posix() for path in root.rglob("*.yaml")):
        text = (root / path).read_text("utf-8")
        found.append((path, text, yaml.load(text, _LOADER) or {}))  # noqa: S506 - a safe one, only faster
    return found


def _example(path: str, text: str, content: Mapping[str, Any], paths: list[str], *, valid: bool) -> Example:
    backends = list(map(backend_of, agents_of(content)))
    return Example(
        path=path,
        name=_name(path, paths),
        backends=tuple((str(each.get("type", "")), str(each.get("model", ""))) for each in backends),
        needs=needs(text, backends),
        features=features(content, backends),
        valid=valid,
    )


def _name(path: str, paths: list[str]) -> str:
    """The shortest name that no other path contains: MassGen takes the first file whose path contains it."""
    stem = path.removesuffix(".yaml")
    return next(name for name in (stem, path) if sum(name in other for other in paths) == 1)


def agents_of(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The agents of a configuration, however many it has."""
    listed = content.get("agents") or [content.get("agent")]
    yield from (agent for agent in listed if isinstance(agent, Mapping))


def backend_of(agent: Mapping[str, Any]) -> Mapping[str, Any]:
    """An agent's backend block; empty if it has none."""
    backend = agent.get("backend")
    return backend if isinstance(backend, Mapping) else {}
