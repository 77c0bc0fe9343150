"""Attaches to MassGen's modules right after their execution; inactive until an agent is limited."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["attach"]


def attach(module: ModuleType) -> None:
    """Wrap functions of a MassGen module, if it is a known one.

    Until 0.1.85 ``massgen.cli`` is a single module; from 0.1.93 on it is a package, and the functions are
    defined in ``massgen.cli.backends``.
    """
    # Remember the environment before MassGen reads .env files, which may come from a stranger.
    import_module("massgen_plugins.profiles.at_start")

    name = module.__name__
    if name == "massgen":
        from massgen_plugins.host import python_api

        python_api.attach(module)
    elif name == "massgen.subagent.manager":
        from massgen_plugins.host import subagents

        subagents.attach(module)
    elif name == "massgen.cli.backends" or (name == "massgen.cli" and not hasattr(module, "__path__")):
        from massgen_plugins.host import agents

        agents.attach(module)
