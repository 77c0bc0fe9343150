"""Excludes waits for quota from MassGen's measurements of model and agent."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from massgen_plugins.host.stage import stage_of
from massgen_plugins.host.stream import Turn

__all__ = ["WORTH", "take_out"]

WORTH = 0.05
"""Seconds; shorter waits are not worth correcting."""


def take_out(turn: Turn, waited: float) -> None:
    """Shift MassGen's start times by a wait; called before the request is sent.

    These are the start of the call, from which it measures time to first token and duration, and the start of
    the agent's round, from which round timeouts count.

    Args:
        turn: The turn that the call belongs to.
        waited: Seconds that the call waited.
    """
    now = time.time()
    with suppress(Exception):  # other versions of MassGen may differ
        backend = turn.agent.backend() if turn.agent.backend is not None else None
        _forward(getattr(backend, "_current_api_call", None), "start_time", waited, now)
    with suppress(Exception):
        stage = stage_of(turn.agent.run, turn.agent.agent_id)
        if stage is not None:
            state = stage.orchestrator.agent_states[turn.agent.agent_id]
            _forward(state, "round_start_time", waited, now)


def _forward(owner: Any, name: str, seconds: float, now: float) -> None:
    begun = getattr(owner, name, None)
    if isinstance(begun, int | float):
        setattr(owner, name, min(now, begun + seconds))
