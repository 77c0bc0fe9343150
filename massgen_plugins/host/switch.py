"""Who is limited: the environment over MassGen's ``--rate-limit`` flag over the agent's own YAML switch."""

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
"""Environment variable that switches all agents on or off, whatever else is said."""

_FLAG = "--rate-limit"
"""MassGen's own option; on some of its routes it never arrives where agents are made."""

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


def keep_flag(passed: bool) -> None:
    """Let ``--rate-limit``, once seen, hold for this process and for those that get its environment.

    It is kept in the environment, unless that says something already, which is stronger.
    """
    if (passed or _flag_on_command_line()) and not os.environ.get(ENVIRONMENT, "").strip():
        os.environ[ENVIRONMENT] = "1"


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


def inherited(backend: Any) -> Mapping[str, Any] | None:
    """The settings that we left in the switch of a backend's configuration; None if it is not one of ours."""
    switch = backend.get(KEY) if isinstance(backend, Mapping) else None
    settings = switch.get(INHERITED) if isinstance(switch, Mapping) else None
    return settings if isinstance(settings, Mapping) else None


def decide(yaml: bool | None, environment: bool | None) -> bool:
    """Whether an agent is limited."""
    return bool(yaml) if environment is None else environment


def _flag_on_command_line() -> bool:
    """Whether MassGen itself was started with the flag; another program's option of that name is not ours."""
    program, *arguments = sys.argv or [""]
    is_massgen = Path(program).stem == "massgen" or Path(program).parent.name == "massgen"
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return is_massgen and _FLAG in options
