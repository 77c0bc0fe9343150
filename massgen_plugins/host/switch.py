"""Decides which agents are limited: environment over ``--rate-limit`` flag over the agent's YAML switch."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from massgen_plugins.errors import ConfigurationError

__all__ = [
    "ENVIRONMENT",
    "INHERITED",
    "KEY",
    "decide",
    "environment_switch",
    "inherited",
    "keep_flag",
    "yaml_switch",
]

KEY = "enable_rate_limit"
"""The switch in an agent's ``backend:``."""

ENVIRONMENT = "MASSGEN_RATE_LIMIT"
"""Environment variable that enables or disables limits for all agents, overriding everything else."""

_FLAG = "--rate-limit"
"""MassGen's own option, which some of its code paths do not pass on to the creation of agents."""

INHERITED = "massgen_plugins_settings"
"""Key of the parent's settings for child processes, in a switch that is a mapping.

MassGen passes ``enable_rate_limit`` on to sub-agents, but never to a provider's API, whatever its value.
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


def environment_switch() -> bool | None:
    """The switch in the environment; None if it is not set.

    Read when agents are created, after MassGen has loaded its ``.env`` files.
    """
    value = os.environ.get(ENVIRONMENT, "").strip()
    if not value:
        return None
    if value.lower() not in _WORDS:
        raise ConfigurationError(
            f"The environment variable {ENVIRONMENT} is {value[:40]!r}; set it to 1 or 0, or remove it."
        )
    return _WORDS[value.lower()]


def keep_flag(passed: bool) -> None:
    """Make ``--rate-limit`` apply to this process and to children that inherit its environment.

    It is stored in the environment variable, unless that is set already and takes precedence.
    """
    if (passed or _flag_on_command_line()) and not os.environ.get(ENVIRONMENT, "").strip():
        os.environ[ENVIRONMENT] = "1"


def yaml_switch(value: Any, agent: str) -> bool | None:
    """The agent's own switch; None if it has none.

    Raises:
        ConfigurationError: It is not a boolean; a string such as ``'false'`` would count as true.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping) and set(value) == {INHERITED}:
        return True
    raise ConfigurationError(
        f"Agent {agent}: backend.{KEY} is {str(value)[:40]!r}; write true or false, without quotes."
    )


def inherited(backend: Any) -> Mapping[str, Any] | None:
    """The settings that a parent stored in the switch of a backend; None if there are none."""
    switch = backend.get(KEY) if isinstance(backend, Mapping) else None
    settings = switch.get(INHERITED) if isinstance(switch, Mapping) else None
    return settings if isinstance(settings, Mapping) else None


def decide(yaml: bool | None, environment: bool | None) -> bool:
    """Whether an agent is limited."""
    return bool(yaml) if environment is None else environment


def _flag_on_command_line() -> bool:
    """Whether MassGen itself was started with the flag; other programs may have an option of that name."""
    program, *arguments = sys.argv or [""]
    is_massgen = Path(program).stem == "massgen" or Path(program).parent.name == "massgen"
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return is_massgen and _FLAG in options
