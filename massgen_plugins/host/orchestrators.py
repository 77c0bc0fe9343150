"""Drops the serial start-up sleeps of MassGen's orchestrator for limited agents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from massgen_plugins.host import stage
from massgen_plugins.host.switch import inherited
from massgen_plugins.wrapping import wrap_once

__all__ = ["attach"]

_SEAM = "_apply_agent_startup_rate_limit"


def attach() -> None:
    """Wrap the orchestrator's pause before each agent start."""
    from massgen.orchestrator import Orchestrator

    if hasattr(Orchestrator, _SEAM):  # versions without the pause need no wrapper
        wrap_once(Orchestrator, _SEAM, _unless_limited)


def _unless_limited(original: Callable[..., Any]) -> Callable[..., Any]:
    async def apply_unless_limited(self: Any, agent_id: str) -> None:
        stage.watch(self)
        if not _is_limited(self, agent_id):
            await original(self, agent_id)

    return apply_unless_limited


def _is_limited(orchestrator: Any, agent_id: str) -> bool:
    backend = getattr(orchestrator.agents.get(agent_id), "backend", None)
    return inherited(getattr(backend, "config", None)) is not None
