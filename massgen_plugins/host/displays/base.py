"""Base class of the display adapters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from massgen_plugins.host.stage import Stage
from massgen_plugins.live.presence import WaitingCall

__all__ = ["ShownWait", "WaitDisplay"]


@dataclass(frozen=True, slots=True)
class ShownWait:
    """A wait that is shown.

    Attributes:
        agent_id: Its agent's name in MassGen.
        name: The displayed name.
        call: The waiting call.
    """

    agent_id: str
    name: str
    call: WaitingCall

    def left(self, now: float) -> float:
        """Estimated remaining seconds; not negative."""
        return max(0.0, self.call.until - now)


class WaitDisplay:
    """Shows waits in a MassGen display. Called from a single background thread, never from an event loop.

    Args:
        host: MassGen's display.
        stage: The stage of its run.
    """

    def __init__(self, host: Any, stage: Stage) -> None:
        self.host = host
        self.stage = stage

    def begin(self, wait: ShownWait, now: float) -> None:
        """Called when a wait has begun, or its estimate has changed considerably."""

    def tick(self, waits: Sequence[ShownWait], now: float) -> None:
        """Called every second with all waits, in expected order of admission; once with none at the end."""

    def end(self, wait: ShownWait, waited: float | None, now: float) -> None:
        """Called when a wait has ended after ``waited`` seconds; None if the call was not sent."""
