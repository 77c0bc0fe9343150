"""The keys that MassGen reads at each place of a configuration."""

from __future__ import annotations

import functools

from . import host
from .key_reading import keys_read
from .places import PACKAGES

_MASSGEN = PACKAGES / "massgen"
OURS = frozenset({"rate_limit"})
"""Top-level keys that our plugin reads."""


def _of(*files: str, variables: set[str]) -> frozenset[str]:
    names = frozenset(variables)
    return frozenset().union(*(keys_read(_MASSGEN / file, names) for file in files))


@functools.cache
def top_level() -> frozenset[str]:
    """Beside ``agents``."""
    return _of("config_validator.py", "cli/entrypoint.py", "cli/backends.py", variables={"config"}) | OURS


@functools.cache
def agent() -> frozenset[str]:
    """Of an entry of ``agents``."""
    files = ("config_validator.py", "cli/backends.py", "cli/run.py")
    return _of(*files, variables={"agent_config", "agent_data", "a"})


@functools.cache
def ui() -> frozenset[str]:
    """Of ``ui``."""
    files = ("config_validator.py", "cli/entrypoint.py", "cli/run.py", "cli/streaming.py")
    return _of(*files, variables={"ui_config"})


@functools.cache
def memory() -> frozenset[str]:
    """Of ``memory``."""
    return _of(
        "config_validator.py", "cli/backends.py", "memory/_context_monitor.py", variables={"memory_config"}
    )


@functools.cache
def checkpoint() -> frozenset[str]:
    """Of ``checkpoint``."""
    return _of("config_validator.py", variables={"checkpoint_config"})


@functools.cache
def timeouts() -> frozenset[str]:
    """Of ``timeout_settings``."""
    return frozenset(host.module("massgen.agent_config").TimeoutConfig.yaml_timeout_keys())
