"""MassGen's web page: a countdown next to the phase, and lines in the agent's column.

The current page shows neither status events nor unknown statuses; these messages only go to the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from massgen_plugins.host.displays.base import ShownWait, WaitDisplay
from massgen_plugins.host.displays.wording import begin_line, end_line, footer

__all__ = ["WebDisplay"]

_WIDEST = 80
_WAITS, _WORKS = "waiting", "working"
_PHASE = "coordinating"
_STRUCTURED = "structured_event"


class WebDisplay(WaitDisplay):
    """MassGen sends to the page from tasks, so everything runs in its event loop."""

    def begin(self, wait: ShownWait, now: float) -> None:
        """Show that the agent waits, and for what."""
        self._status(wait, _WAITS)
        self._structured("text", wait.agent_id, content=begin_line(wait.call, wait.left(now)))

    def tick(self, waits: Sequence[ShownWait], now: float) -> None:
        """Show a countdown in place of the phase, and restore the phase at the end."""
        if waits:
            self.stage.in_loop(
                self._count_down, _event("phase_change", None, phase=footer(waits, now, _WIDEST))
            )
        else:
            phase = getattr(self.stage.orchestrator, "workflow_phase", None)
            self._structured("phase_change", None, phase=str(phase or _PHASE))

    def end(self, wait: ShownWait, waited: float | None, now: float) -> None:  # noqa: ARG002 - to override
        """Show that the agent works again."""
        if waited is not None:
            self._status(wait, _WORKS)
            self._structured("text", wait.agent_id, content=end_line(waited))

    def _status(self, wait: ShownWait, status: str) -> None:
        self.stage.in_loop(self.host.update_agent_status, wait.agent_id, status)

    def _structured(self, event_type: str, agent_id: str | None, **data: str) -> None:
        event = _event(event_type, agent_id, **data)
        self.stage.in_loop(self.host._emit, _STRUCTURED, event)  # noqa: SLF001 - not into events.jsonl

    def _count_down(self, event: dict[str, Any]) -> None:
        """Send a transient event directly, bypassing MassGen's history for pages that open later."""
        sent = getattr(self.host, "_event_history", [])
        before = len(sent)
        self.host._emit(_STRUCTURED, event)  # noqa: SLF001 - not into events.jsonl
        del sent[before:]


def _event(event_type: str, agent_id: str | None, **data: str) -> dict[str, Any]:
    return {"event_type": event_type, "agent_id": agent_id, "round_number": 0, "data": data}
