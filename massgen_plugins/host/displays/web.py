"""MassGen's web page: a countdown beside the phase, and lines in the agent's column.

Its present page shows neither status events nor unknown statuses; what is said here reaches the page alone.
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
    """The page is told by tasks of MassGen's event loop, so everything is asked for there."""

    def begin(self, wait: ShownWait, now: float) -> None:
        """The agent waits, and for what."""
        self._status(wait, _WAITS)
        self._structured("text", wait.agent_id, content=begin_line(wait.call, wait.left(now)))

    def tick(self, waits: Sequence[ShownWait], now: float) -> None:
        """Count down in the place where the page has the phase; put that back at the end."""
        if waits:
            self.stage.in_loop(
                self._count_down, _event("phase_change", None, phase=footer(waits, now, _WIDEST))
            )
        else:
            phase = getattr(self.stage.orchestrator, "workflow_phase", None)
            self._structured("phase_change", None, phase=str(phase or _PHASE))

    def end(self, wait: ShownWait, waited: float | None, now: float) -> None:  # noqa: ARG002 - to override
        """It works again."""
        if waited is not None:
            self._status(wait, _WORKS)
            self._structured("text", wait.agent_id, content=end_line(waited))

    def _status(self, wait: ShownWait, status: str) -> None:
        self.stage.in_loop(self.host.update_agent_status, wait.agent_id, status)

    def _structured(self, event_type: str, agent_id: str | None, **data: str) -> None:
        event = _event(event_type, agent_id, **data)
        self.stage.in_loop(self.host._emit, _STRUCTURED, event)  # noqa: SLF001 - not into events.jsonl

    def _count_down(self, event: dict[str, Any]) -> None:
        """Send what is of no use a second later: MassGen keeps what it sends, for pages that come later."""
        sent = getattr(self.host, "_event_history", [])
        before = len(sent)
        self.host._emit(_STRUCTURED, event)  # noqa: SLF001 - not into events.jsonl
        del sent[before:]


def _event(event_type: str, agent_id: str | None, **data: str) -> dict[str, Any]:
    return {"event_type": event_type, "agent_id": agent_id, "round_number": 0, "data": data}
