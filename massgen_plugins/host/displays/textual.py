"""MassGen's full-screen display: an empty circle in the agent's tab, a countdown in the ribbon, two lines.

The lines are MassGen status events, which the display shows by itself.
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
"""Statuses drawn as an empty and a filled circle; MassGen's "waiting" is a green check mark."""

_WORKING = {"working", "thinking", "processing", _WORKS}

_LABEL = "#timeout_display"
_until: dict[str, float] = {}
"""End of the wait by agent; global, since a process has a single full-screen display."""


class TextualDisplay(WaitDisplay):
    """The ribbon's own timer reads the remaining time of an agent."""

    def __init__(self, host: Any, stage: Stage) -> None:
        super().__init__(host, stage)
        from massgen.frontend.displays.textual_widgets.agent_status_ribbon import AgentStatusRibbon

        wrap_once(AgentStatusRibbon, "_update_timeout_display", _with_countdown)

    def begin(self, wait: ShownWait, now: float) -> None:  # noqa: ARG002 - to override
        """Draw the agent as idle."""
        known = wait.agent_id in _until
        _until[wait.agent_id] = wait.call.until
        if not known:
            self._draw(wait.agent_id, _WAITS)

    def tick(self, waits: Sequence[ShownWait], now: float) -> None:  # noqa: ARG002 - to override
        """Draw waiting agents as idle again, since MassGen draws them as working with each chunk."""
        for wait in waits:
            _until[wait.agent_id] = wait.call.until
            if self._drawn(wait.agent_id) in _WORKING:
                self._draw(wait.agent_id, _WAITS)

    def end(self, wait: ShownWait, waited: float | None, now: float) -> None:  # noqa: ARG002 - to override
        """Draw the agent as working if its call was sent; otherwise leave it to MassGen."""
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
