"""``massgen --automation``: plain, machine-readable lines on stdout.

    WAIT: agent_4 61s 4/min 3rd
    WAITED: agent_4 61s
    WAITED: agent_4 12s not-sent

Fields are separated by spaces; only the agent's name may contain spaces.
"""

from __future__ import annotations

import math
import sys

from massgen_plugins.host.displays.base import ShownWait, WaitDisplay
from massgen_plugins.host.displays.wording import ordinal, token

__all__ = ["AutomationDisplay"]

_NOBODY = "-"
"""Placeholder for calls outside of any agent's stream."""


class AutomationDisplay(WaitDisplay):
    """Prints a line when a wait begins, changes its estimate, or ends."""

    def begin(self, wait: ShownWait, now: float) -> None:
        """Print ``WAIT:``, agent, duration, limit, place."""
        seconds = math.ceil(wait.left(now))
        _say(f"WAIT: {wait.name or _NOBODY} {seconds}s {token(wait.call)} {ordinal(wait.call.place)}")

    def end(self, wait: ShownWait, waited: float | None, now: float) -> None:
        """Print ``WAITED:``, agent, duration."""
        if waited is None:
            _say(f"WAITED: {wait.name or _NOBODY} {now - wait.call.since:.0f}s not-sent")
        else:
            _say(f"WAITED: {wait.name or _NOBODY} {waited:.0f}s")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")  # a single write, since other threads write, too
    sys.stdout.flush()
