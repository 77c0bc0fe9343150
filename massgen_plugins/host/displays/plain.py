"""``massgen --display simple``: a line at the beginning and at the end of a wait."""

from __future__ import annotations

from massgen_plugins.host.displays.base import ShownWait, WaitDisplay
from massgen_plugins.host.displays.wording import begin_line, end_line

__all__ = ["PlainDisplay"]


class PlainDisplay(WaitDisplay):
    """What was printed cannot be rewritten: it is said again only when the estimate changes."""

    def begin(self, wait: ShownWait, now: float) -> None:
        """How long, at which place, for what."""
        self.host.update_agent_content(wait.agent_id, begin_line(wait.call, wait.left(now)), "status")

    def end(self, wait: ShownWait, waited: float | None, now: float) -> None:  # noqa: ARG002 - to override
        """How long it was."""
        if waited is not None:
            self.host.update_agent_content(wait.agent_id, end_line(waited), "status")
