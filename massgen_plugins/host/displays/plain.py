"""``massgen --display simple``: a line at the start and at the end of a wait."""

from __future__ import annotations

from massgen_plugins.host.displays.base import ShownWait, WaitDisplay
from massgen_plugins.host.displays.wording import begin_line, end_line

__all__ = ["PlainDisplay"]


class PlainDisplay(WaitDisplay):
    """Prints lines, which cannot be updated: repeated only when the estimate changes."""

    def begin(self, wait: ShownWait, now: float) -> None:
        """Print duration, place and limit."""
        self.host.update_agent_content(wait.agent_id, begin_line(wait.call, wait.left(now)), "status")

    def end(self, wait: ShownWait, waited: float | None, now: float) -> None:  # noqa: ARG002 - to override
        """Print the actual duration."""
        if waited is not None:
            self.host.update_agent_content(wait.agent_id, end_line(waited), "status")
