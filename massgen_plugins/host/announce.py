"""Shows waits and budgets in MassGen's own places, never as a chunk of a stream: it may become an answer."""

from __future__ import annotations

import time
import weakref
from contextlib import suppress
from typing import Any

from massgen_plugins.events import CallWaits
from massgen_plugins.host import reports
from massgen_plugins.rate_limit.messages import describe_span

__all__ = ["show", "tell", "watch"]

_LONG = 5.0
"""Seconds from which a wait is worth a line."""

_orchestrators: weakref.WeakSet[Any] = weakref.WeakSet()


def watch(orchestrator: Any) -> None:
    """Remember an orchestrator, whose display shows what its agents wait for."""
    _orchestrators.add(orchestrator)


def show(wait: CallWaits) -> None:
    """Show a long wait: in events.jsonl and the TUI, in the display of rich and simple, and in the log."""
    if wait.seconds < _LONG:
        reports.inform(wait.message)
        return
    message = wait.message + _timeout_note(wait)
    name = wait.agent_id or "a background call"
    reports.log_warning(f"{message} ({name})")
    _display(message, wait.agent_id)


def tell(message: str, agent_id: str | None) -> None:
    """Say something at once wherever the user may look, once for each sentence."""
    reports.warn_once(message)
    _display(message, agent_id)


def _display(message: str, agent_id: str | None) -> None:
    with suppress(Exception):
        _emit_status(message, agent_id)
    if agent_id is None:
        return
    for orchestrator in list(_orchestrators):
        with suppress(Exception):
            if agent_id in orchestrator.agents:
                orchestrator.coordination_ui.display.update_agent_content(agent_id, message, "status")


def _emit_status(message: str, agent_id: str | None) -> None:
    from massgen.logger_config import get_event_emitter

    emitter = get_event_emitter()
    if emitter is not None:
        # The TUI drops status events of level "info".
        emitter.emit_status(message, level="warning", agent_id=agent_id)


def _timeout_note(wait: CallWaits) -> str:
    """MassGen's own clock runs while we wait: say so when it will win."""
    for orchestrator in list(_orchestrators):
        with suppress(Exception):
            if wait.agent_id not in orchestrator.agents or not orchestrator.coordination_start_time:
                continue
            allowed = orchestrator.config.timeout_config.orchestrator_timeout_seconds
            left = orchestrator.coordination_start_time + allowed - time.time()
            if wait.seconds > left:
                return (
                    f" MassGen's orchestrator_timeout_seconds ends the run in {describe_span(left)}, "
                    "before that: raise it under timeout_settings:."
                )
    return ""
