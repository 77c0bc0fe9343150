"""Child processes: the YAML that MassGen writes for a sub-agent gets the switch, the settings and the store.

Their environment is stripped and their working directory is another one, so nothing else would reach them.
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
    """Wrap the writing of a sub-agent's configuration; also in the server process that starts sub-agents."""
    wrap_once(module.SubagentManager, _SEAM, _bequeathing)


def attach_when_imported() -> None:
    """Wrap it now if the automatic start did not see it being imported."""
    if _MODULE in sys.modules:
        attach(sys.modules[_MODULE])


def _bequeathing(original: Callable[..., Any]) -> Callable[..., Any]:
    def generate(self: Any, *args: Any, **kwargs: Any) -> Any:
        config = original(self, *args, **kwargs)
        try:
            return _bequeath(config, self.parent_agent_configs)
        except Exception as error:  # a fault of ours must not keep a sub-agent from starting
            _report(error)
            return config

    return generate


def _bequeath(config: dict[str, Any], parents: list[dict[str, Any]]) -> dict[str, Any]:
    """Switch a child's agents on if the parent's were."""
    settings = next(filter(None, (inherited(parent.get("backend")) for parent in parents)), None)
    if settings is None:
        return config
    for agent in config.get("agents", ()):
        agent["backend"][KEY] = True
    return {**config, "rate_limit": dict(settings)}


def _report(error: Exception) -> None:
    from massgen_plugins.host import reports

    what = described(error)
    reports.warn_once(f"a sub-agent could not be given its parent's quota, it runs WITHOUT limits: {what}.")
