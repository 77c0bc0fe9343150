"""MassGen's full-screen display: an empty circle in the agent's tab, a countdown in the ribbon, two lines.

The lines themselves are MassGen's own status events, which this display shows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from massgen_plugins.host.displays.base import ShownWait, WaitDisplay
from massgen_plugins.host.displays.wording import clock
from massgen_plugins.host.stage import Stage
from massgen_plugins.wrapping import wrap_once

__all__ = ["TextualDisplay"]

_WAITS, _WORKS = "idle", "streaming"
"""Statuses that MassGen draws as an empty and as a full circle; its "waiting" is a green tick."""

_WORKING = {"working", "thinking", "processing", _WORKS}

_LABEL = "#timeout_display"
_until: dict[str, float] = {}
"""Agent to the moment at which it goes on: there is one full-screen display in a process."""


class TextualDisplay(WaitDisplay):
    """The ribbon has a timer of its own, which reads how long an agent still waits."""

    def __init__(self, host: Any, stage: Stage) -> None:
        super().__init__(host, stage)
        from massgen.frontend.displays.textual_widgets.agent_status_ribbon import AgentStatusRibbon

        wrap_once(AgentStatusRibbon, "_update_timeout_display", _with_countdown)

    def begin(self, wait: ShownWait, now: float) -> None:  # noqa: ARG002 - to override
        """Draw the agent as one that stands still."""
        known = wait.agent_id in _until
        _until[wait.agent_id] = wait.call.until
        if not known:
            self._draw(wait.agent_id, _WAITS)

    def tick(self, waits: Sequence[ShownWait], now: float) -> None:  # noqa: ARG002 - to override
        """Draw it so again, where MassGen has drawn it as one that works: each chunk makes it."""
        for wait in waits:
            _until[wait.agent_id] = wait.call.until
            if self._drawn(wait.agent_id) in _WORKING:
                self._draw(wait.agent_id, _WAITS)

    def end(self, wait: ShownWait, waited: float | None, now: float) -> None:  # noqa: ARG002 - to override
        """Draw it as one that works, if it goes on; if not, MassGen draws what becomes of it."""
        _until.pop(wait.agent_id, None)
        if waited is not None:
            self._draw(wait.agent_id, _WORKS)

    def _drawn(self, agent_id: str) -> str | None:
        with suppress(Exception):
            return str(self.host._app._tab_bar._tabs[agent_id]._status)  # noqa: SLF001 - there is no other way
        return None

    def _draw(self, agent_id: str, status: str) -> None:
        self.host._call_app_method("update_agent_status", agent_id, status)  # noqa: SLF001 - not into its files


def _with_countdown(original: Callable[..., Any]) -> Callable[..., Any]:
    def update_timeout_display(self: Any) -> None:
        original(self)
        until = _until.get(self.current_agent)
        if until is not None:
            with suppress(Exception):
                label = self.query_one(_LABEL)
                label.update(f"{label.content} · ⏳ {clock(until - time.time())}")

    return update_timeout_display
