"""The environment as it was before MassGen read any ``.env`` file; kept small, as MassGen's start pays."""

from __future__ import annotations

import os

__all__ = ["CONFIG_DIR_VARIABLE", "STORES_VARIABLE", "at_start", "is_users_directory", "remember_environment"]

CONFIG_DIR_VARIABLE = "MASSGEN_PLUGINS_CONFIG_DIR"
"""Environment variable that names another directory for the user's settings and profiles."""

STORES_VARIABLE = "MASSGEN_RATE_LIMIT_ALLOW_STORES"
"""Environment variable: addresses of servers that settings of others may name, separated by commas."""

_DIRECTORIES = (CONFIG_DIR_VARIABLE, "XDG_CONFIG_HOME")
_values: dict[str, str] = {}


def remember_environment() -> None:
    """From now on the environment counts as it is now."""
    for name in (*_DIRECTORIES, STORES_VARIABLE):
        _values[name] = os.environ.get(name, "")


def at_start(name: str) -> str:
    """What one of these variables was; empty for nothing."""
    return _values[name]


def is_users_directory() -> bool:
    """Whether the directory of the user's settings is still the same; else a stranger may have named it."""
    return all(os.environ.get(name, "") == _values[name] for name in _DIRECTORIES)


remember_environment()
