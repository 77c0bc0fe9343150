"""Who is limited: the environment over MassGen's ``--rate-limit`` flag over the agent's own YAML switch."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from massgen_plugins.errors import ConfigurationError

__all__ = ["ENVIRONMENT", "INHERITED", "KEY", "decide", "environment_switch", "flag_given", "yaml_switch"]

KEY = "enable_rate_limit"
"""The switch in an agent's ``backend:``."""

ENVIRONMENT = "MASSGEN_RATE_LIMIT"
"""Environment variable that switches all agents on or off, whatever else is said."""

INHERITED = "massgen_plugins_settings"
"""Where a parent leaves its settings for child processes: the only key of a switch that is a mapping.

MassGen hands ``enable_rate_limit`` down to sub-agents and never to a provider's API, whatever its value.
"""

_WORDS = {
    "1": True,
    "true": True,
    "on": True,
    "yes": True,
    "0": False,
    "false": False,
    "off": False,
    "no": False,
}

_flag_was_seen = False


def environment_switch() -> bool | None:
    """What the environment says; None if it says nothing.

    Read when agents are made, since MassGen loads its ``.env`` files before that.
    """
    value = os.environ.get(ENVIRONMENT, "").strip()
    if not value:
        return None
    if value.lower() not in _WORDS:
        raise ConfigurationError(
            f"The environment variable {ENVIRONMENT} is {value[:40]!r}; set it to 1 or 0, or remove it."
        )
    return _WORDS[value.lower()]


def flag_given(passed: bool) -> bool:
    """Whether ``--rate-limit`` holds for this process: MassGen loses it on some of its routes."""
    global _flag_was_seen  # noqa: PLW0603 - the flag belongs to the process
    _flag_was_seen = _flag_was_seen or passed or "--rate-limit" in sys.argv[1:]
    return _flag_was_seen


def yaml_switch(value: Any, agent: str) -> bool | None:
    """What an agent's own switch says; None if it has none.

    Raises:
        ConfigurationError: It is neither true nor false: a string such as ``'false'`` would count as true.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping) and set(value) == {INHERITED}:
        return True
    raise ConfigurationError(
        f"Agent {agent}: backend.{KEY} is {str(value)[:40]!r}; write true or false, without quotes."
    )


def decide(yaml: bool | None, *, flag: bool, environment: bool | None) -> bool:
    """Whether an agent is limited."""
    if environment is not None:
        return environment
    return flag or bool(yaml)
