"""Passes switch, settings and store on to sub-agents, in the YAML that MassGen writes for them.

Sub-agents are processes with a reduced environment and another working directory, so there is no other way.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from massgen_plugins.errors import described
from massgen_plugins.host.switch import KEY, inherited
from massgen_plugins.wrapping import wrap_once

__all__ = ["attach", "attach_when_imported"]

_SEAM = "_generate_subagent_yaml_config"
_MODULE = "massgen.subagent.manager"


def attach(module: ModuleType) -> None:
    """Wrap the creation of a sub-agent's configuration; also in the server process that starts sub-agents."""
    wrap_once(module.SubagentManager, _SEAM, _passing_on)


def attach_when_imported() -> None:
    """Attach now if the module was imported before the import hook was installed."""
    if _MODULE in sys.modules:
        attach(sys.modules[_MODULE])


def _passing_on(original: Callable[..., Any]) -> Callable[..., Any]:
    def generate(self: Any, *args: Any, **kwargs: Any) -> Any:
        config = original(self, *args, **kwargs)
        try:
            return _pass_on(config, self.parent_agent_configs)
        except Exception as error:  # an internal error must not keep a sub-agent from starting
            _report(error)
            return config

    return generate


def _pass_on(config: dict[str, Any], parents: list[dict[str, Any]]) -> dict[str, Any]:
    """Enable limits for a child's agents if the parent's agents have them."""
    settings = next(filter(None, (inherited(parent.get("backend")) for parent in parents)), None)
    if settings is None:
        return config
    for agent in config.get("agents", ()):
        agent["backend"][KEY] = True
    return {**config, "rate_limit": dict(settings)}


def _report(error: Exception) -> None:
    from massgen_plugins.host import reports

    what = described(error)
    reports.warn_once(f"a sub-agent could not be given its parent's quota; it runs WITHOUT limits: {what}.")
