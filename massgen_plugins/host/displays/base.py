"""What all displays have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from massgen_plugins.host.stage import Stage
from massgen_plugins.live.presence import WaitingCall

__all__ = ["ShownWait", "WaitDisplay"]


@dataclass(frozen=True, slots=True)
class ShownWait:
    """A wait that is worth a line.

    Attributes:
        agent_id: Its agent's name, as MassGen knows it.
        name: The same as it may be shown.
        call: What is known of it.
    """

    agent_id: str
    name: str
    call: WaitingCall

    def left(self, now: float) -> float:
        """Seconds until it ends, estimated; not negative."""
        return max(0.0, self.call.until - now)


class WaitDisplay:
    """Shows waits in one display of MassGen's; called from one thread of ours, never from an event loop's.

    Args:
        host: MassGen's display.
        stage: The run that it shows.
    """

    def __init__(self, host: Any, stage: Stage) -> None:
        self.host = host
        self.stage = stage

    def begin(self, wait: ShownWait, now: float) -> None:
        """A wait has begun, or its estimate has changed much."""

    def tick(self, waits: Sequence[ShownWait], now: float) -> None:
        """A second has passed: these wait, the first to leave first; none when all have gone on."""

    def end(self, wait: ShownWait, waited: float | None, now: float) -> None:
        """A wait has ended after ``waited`` seconds; None if the call did not leave."""
