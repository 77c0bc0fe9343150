"""Attaches to MassGen's modules right after they were executed; idle until an agent is switched on."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["attach"]


def attach(module: ModuleType) -> None:
    """Wrap what a module of MassGen defines, if it is one that we know.

    Until 0.1.85 ``massgen.cli`` is one module; from 0.1.93 on it is a package, and the functions are
    defined in ``massgen.cli.backends``.
    """
    # The environment counts as it is now: MassGen reads .env files later, which may be a stranger's.
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
