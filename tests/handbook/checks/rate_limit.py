"""Our own settings and profiles, read by our own loader as if they stood in their files."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from massgen_plugins.errors import ConfigurationError
from massgen_plugins.profiles.layers import read_layer
from massgen_plugins.profiles.loading import load_settings
from massgen_plugins.profiles.profile import read_profiles
from massgen_plugins.profiles.strict_yaml import parse_yaml

from .fences import Fence
from .problem import Problem

_KEY = "rate_limit"
_CURE = "every key, its unit and range: plugin_configs/README.md"


def complaints(config: Mapping[str, Any]) -> list[str]:
    """What our loader says of the ``rate_limit:`` block of a MassGen configuration."""
    if _KEY not in config:
        return []
    with tempfile.TemporaryDirectory() as empty:
        try:
            load_settings(config, config_path="config.yaml", cwd=Path(empty))
        except ConfigurationError as error:
            return [str(error)]
    return []


def settings(fence: Fence) -> list[Problem]:
    """A ``rate_limit.yaml``, or the block in a MassGen file; its profile may be the reader's own."""
    try:
        root = parse_yaml(fence.code, fence.words.get("title", "rate_limit.yaml"))
        if isinstance(root.value, Mapping) and set(root.value) == {_KEY}:
            root = root.below(_KEY)
        read_layer(root, "user")
    except ConfigurationError as error:
        return [Problem(fence.path, fence.line, str(error), _CURE)]
    return []


def profiles(fence: Fence) -> list[Problem]:
    """A file of profiles."""
    try:
        read_profiles(parse_yaml(fence.code, fence.words.get("title", "profile.yaml")))
    except ConfigurationError as error:
        return [Problem(fence.path, fence.line, str(error), _CURE)]
    return []
