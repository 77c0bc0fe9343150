"""``massgen --display rich``: a countdown in the footer, and a line in the agent's panel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from massgen_plugins.host.displays.base import ShownWait
from massgen_plugins.host.displays.plain import PlainDisplay
from massgen_plugins.host.displays.wording import footer
from massgen_plugins.host.stage import Stage

__all__ = ["RichDisplay"]

_FRAME = 4
"""Columns used by the footer's frame."""

_URGENT = "Cancel"
"""Part of MassGen's messages that must not be replaced."""

_WAITS, _WORKS = "waiting", "working"


class RichDisplay(PlainDisplay):
    """Uses the footer's message line, and restores MassGen's own message when no call waits any more."""

    def __init__(self, host: Any, stage: Stage) -> None:
        super().__init__(host, stage)
        self._ours: str | None = None
        self._theirs: str | None = None

    def begin(self, wait: ShownWait, now: float) -> None:
        """Show an hourglass and a line in the agent's panel."""
        super().begin(wait, now)
        self.host.update_agent_status(wait.agent_id, _WAITS)

    def end(self, wait: ShownWait, waited: float | None, now: float) -> None:
        """Show the agent as working if its call was sent; otherwise leave it to MassGen."""
        super().end(wait, waited, now)
        if waited is not None:
            self.host.update_agent_status(wait.agent_id, _WORKS)

    def tick(self, waits: Sequence[ShownWait], now: float) -> None:
        """Update the line, or remove it when no call waits any more."""
        for wait in waits:
            if self.host.agent_status.get(wait.agent_id) == _WORKS:  # MassGen sets it with each chunk
                self.host.update_agent_status(wait.agent_id, _WAITS)
        present = getattr(self.host, "_system_status_message", None)
        if present is None or present != self._ours:
            self._theirs = present
        if _URGENT in (self._theirs or ""):
            return
        self._ours = footer(waits, now, self.host.console.size.width - _FRAME) if waits else None
        wanted = self._ours or self._theirs
        if wanted != present:
            self.host.update_system_status(wanted)
