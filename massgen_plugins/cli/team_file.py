"""Reads a team's YAML, and its ``rate_limit:`` block with locations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from massgen_plugins.profiles.document import Document, Place, document_of, wrong
from massgen_plugins.profiles.layers import BLOCK, Layer, read_layer
from massgen_plugins.profiles.safe_files import read_text

__all__ = ["read_team", "team_layer"]


def read_team(path: Path) -> dict[str, Any]:
    """The configuration as MassGen reads it.

    Raises:
        ConfigurationError: It cannot be read, or is not a mapping.
    """
    return _read(path)[1]


def team_layer(path: Path) -> Layer | None:
    """The layer of settings in a team's YAML; None if there is none.

    Raises:
        ConfigurationError: It cannot be read, or is invalid.
    """
    root, config = _read(path)
    if BLOCK not in config:
        return None
    plain = document_of(config[BLOCK], str(path), (BLOCK,))
    return read_layer(Document(plain.value, plain.source, plain.base, dict(_marks(root, ()))), "run")


def _read(path: Path) -> tuple[yaml.Node, dict[str, Any]]:
    place = Place(str(path))
    try:
        loader = yaml.SafeLoader(read_text(path))
        root = loader.get_single_node()
        config = loader.construct_document(root) if root else None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        words = " ".join(str(error).split())[:120]
        raise wrong(place, f"this is not valid YAML ({words})") from error
    if root is None or not isinstance(config, dict):
        raise wrong(place, "this is not a MassGen configuration: it is not a mapping")
    return root, config


def _marks(node: yaml.Node, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], tuple[int, int]]]:
    found = []
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            found.append((here, (key.start_mark.line + 1, key.start_mark.column + 1)))
            if here[0] == BLOCK:
                found += _marks(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            here = (*path, f"[{index}]")
            found.append((here, (item.start_mark.line + 1, item.start_mark.column + 1)))
            found += _marks(item, here)
    return found
