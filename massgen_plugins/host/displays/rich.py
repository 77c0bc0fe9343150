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
"""Columns that the footer's frame takes."""

_URGENT = "Cancel"
"""In MassGen's own messages that are not replaced."""

_WAITS, _WORKS = "waiting", "working"


class RichDisplay(PlainDisplay):
    """The footer has one line for messages; MassGen's own is put back when nobody waits any longer."""

    def __init__(self, host: Any, stage: Stage) -> None:
        super().__init__(host, stage)
        self._ours: str | None = None
        self._theirs: str | None = None

    def begin(self, wait: ShownWait, now: float) -> None:
        """An hourglass and a line in the agent's panel."""
        super().begin(wait, now)
        self.host.update_agent_status(wait.agent_id, _WAITS)

    def end(self, wait: ShownWait, waited: float | None, now: float) -> None:
        """The agent works again, if it goes on; if not, MassGen says what becomes of it."""
        super().end(wait, waited, now)
        if waited is not None:
            self.host.update_agent_status(wait.agent_id, _WORKS)

    def tick(self, waits: Sequence[ShownWait], now: float) -> None:
        """Rewrite the line; take it away when nobody waits any longer."""
        for wait in waits:
            if self.host.agent_status.get(wait.agent_id) == _WORKS:  # MassGen says so with each chunk
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
