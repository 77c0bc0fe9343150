"""Shows urgent messages on the terminal, in MassGen's events, and in an agent's pane."""

from __future__ import annotations

from massgen_plugins.host import reports
from massgen_plugins.host.stage import stage_of

__all__ = ["tell"]


def tell(message: str, run: str, agent_id: str | None) -> None:
    """Show a message, once.

    Args:
        message: The message.
        run: The MassGen run within this process.
        agent_id: The agent concerned; None outside of any agent's stream.
    """
    reports.warn_once(message)
    stage = stage_of(run, agent_id) if agent_id is not None else None
    if stage is None:
        return
    if stage.emitter is not None:
        # The TUI drops status events of level "info".
        stage.in_loop(lambda: stage.emitter.emit_status(message, level="warning", agent_id=agent_id))
    if stage.display is not None:
        stage.in_loop(lambda: stage.display.update_agent_content(agent_id, message, "status"))
