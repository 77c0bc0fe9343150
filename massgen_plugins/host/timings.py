"""Takes our waiting out of MassGen's measurements: it is not the slowness of the model or the agent."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from massgen_plugins.host.stage import stage_of
from massgen_plugins.host.stream import Turn

__all__ = ["WORTH", "take_out"]

WORTH = 0.05
"""Seconds; less is within what a call takes anyway."""


def take_out(turn: Turn, waited: float) -> None:
    """Move forward what MassGen measures from, after a wait; called before the request leaves.

    That is the start of its call, from which it takes the time to the first token and the call's duration,
    and the start of the agent's round, which its round timeouts count from.

    Args:
        turn: Whose call it is.
        waited: Seconds that it waited.
    """
    now = time.time()
    with suppress(Exception):  # MassGen is of another version
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
