"""The environment as it was before MassGen read any ``.env`` file; kept small, as MassGen's start pays."""

from __future__ import annotations

import os

__all__ = ["CONFIG_DIR_VARIABLE", "STORES_VARIABLE", "at_start", "remember_environment"]

CONFIG_DIR_VARIABLE = "MASSGEN_PLUGINS_CONFIG_DIR"
"""Environment variable that names another directory for the user's settings and profiles."""

STORES_VARIABLE = "MASSGEN_RATE_LIMIT_ALLOW_STORES"
"""Environment variable: addresses of servers that settings of others may name, separated by commas."""

_values: dict[str, str] = {}


def remember_environment() -> None:
    """From now on the environment counts as it is now."""
    for name in (CONFIG_DIR_VARIABLE, STORES_VARIABLE):
        _values[name] = os.environ.get(name, "")


def at_start(name: str) -> str:
    """What one of these variables was; empty for nothing."""
    return _values[name]


remember_environment()
