"""MassGen's web page: the agent's status says how long it waits, every few seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from massgen_plugins.host.displays.base import ShownWait, WaitDisplay
from massgen_plugins.host.displays.wording import clock, what_for
from massgen_plugins.host.stage import Stage

__all__ = ["WebDisplay"]

_PERIOD = 5.0
"""Seconds between two statuses of an agent: the page keeps all of them."""

_WORKS = "working"


class WebDisplay(WaitDisplay):
    """The page is told by tasks of MassGen's event loop, so everything is asked for there."""

    def __init__(self, host: Any, stage: Stage) -> None:
        super().__init__(host, stage)
        self._said: dict[str, float] = {}

    def tick(self, waits: Sequence[ShownWait], now: float) -> None:
        """Say how long each agent still waits."""
        for wait in waits:
            if now - self._said.get(wait.agent_id, 0.0) >= _PERIOD - 0.5:
                self._said[wait.agent_id] = now
                left = clock(wait.left(now))
                self._tell(wait.agent_id, f"waits for quota, {left} ({what_for(wait.call)})")

    def end(self, wait: ShownWait, waited: float | None, now: float) -> None:  # noqa: ARG002 - to override
        """It works again."""
        self._said.pop(wait.agent_id, None)
        if waited is not None:
            self._tell(wait.agent_id, _WORKS)

    def _tell(self, agent_id: str, status: str) -> None:
        self.stage.in_loop(self.host.update_agent_status, agent_id, status)
