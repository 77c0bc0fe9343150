"""``massgen --automation``: plain lines on stdout that a program can read.

    WAIT: agent_4 61s 4/min 3rd
    WAITED: agent_4 61s
    WAITED: agent_4 12s not-sent

Fields are separated by blanks; an agent's name may contain some, the others do not.
"""

from __future__ import annotations

import math
import sys

from massgen_plugins.host.displays.base import ShownWait, WaitDisplay
from massgen_plugins.host.displays.wording import ordinal, token

__all__ = ["AutomationDisplay"]

_NOBODY = "-"
"""Stands for the name of a call outside of any agent's stream."""


class AutomationDisplay(WaitDisplay):
    """A line when a wait begins, when its estimate changes, and when it ends."""

    def begin(self, wait: ShownWait, now: float) -> None:
        """``WAIT:``, the agent, how long, for what, at which place."""
        seconds = math.ceil(wait.left(now))
        _say(f"WAIT: {wait.name or _NOBODY} {seconds}s {token(wait.call)} {ordinal(wait.call.place)}")

    def end(self, wait: ShownWait, waited: float | None, now: float) -> None:
        """``WAITED:``, the agent, how long it was."""
        if waited is None:
            _say(f"WAITED: {wait.name or _NOBODY} {now - wait.call.since:.0f}s not-sent")
        else:
            _say(f"WAITED: {wait.name or _NOBODY} {waited:.0f}s")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")  # one write: other threads write, too
    sys.stdout.flush()
