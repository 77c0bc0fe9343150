"""The environment before MassGen read any ``.env`` file; kept small, as it is loaded at MassGen's start."""

from __future__ import annotations

import os

__all__ = ["CONFIG_DIR_VARIABLE", "STORES_VARIABLE", "at_start", "is_users_directory", "remember_environment"]

CONFIG_DIR_VARIABLE = "MASSGEN_PLUGINS_CONFIG_DIR"
"""Environment variable: directory of the user's settings and profiles."""

STORES_VARIABLE = "MASSGEN_RATE_LIMIT_ALLOW_STORES"
"""Environment variable: comma-separated addresses of servers that other settings may name as store."""

_DIRECTORIES = (CONFIG_DIR_VARIABLE, "XDG_CONFIG_HOME")
_values: dict[str, str] = {}


def remember_environment() -> None:
    """Remember the current values of these variables."""
    for name in (*_DIRECTORIES, STORES_VARIABLE):
        _values[name] = os.environ.get(name, "")


def at_start(name: str) -> str:
    """The remembered value of a variable; empty if it was not set."""
    return _values[name]


def is_users_directory() -> bool:
    """Whether the directory of the user's settings is unchanged; else an ``.env`` file may have set it."""
    return all(os.environ.get(name, "") == _values[name] for name in _DIRECTORIES)


remember_environment()
