"""MassGen's orchestrator: its serial start-up sleeps are dropped for agents that we limit at the wire."""

from __future__ import annotations

from functools import wraps
from typing import Any

from massgen_plugins.host import announce
from massgen_plugins.host.attach import ATTACHED
from massgen_plugins.host.switch import inherited

__all__ = ["attach"]

_SEAM = "_apply_agent_startup_rate_limit"


def attach() -> None:
    """Wrap the orchestrator's pause before each agent start."""
    from massgen.orchestrator import Orchestrator

    original = getattr(Orchestrator, _SEAM, None)
    if original is None or hasattr(original, ATTACHED):  # without the pause there is nothing to drop
        return

    @wraps(original)
    async def apply_unless_limited(self: Any, agent_id: str) -> None:
        announce.watch(self)
        if not _is_limited(self, agent_id):
            await original(self, agent_id)

    setattr(apply_unless_limited, ATTACHED, original)
    setattr(Orchestrator, _SEAM, apply_unless_limited)


def _is_limited(orchestrator: Any, agent_id: str) -> bool:
    backend = getattr(orchestrator.agents.get(agent_id), "backend", None)
    return inherited(getattr(backend, "config", None)) is not None
