"""Agents' names as exported from this process: unchanged, or replaced by numbers."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from massgen_plugins.events import Event

__all__ = ["Names"]


class Names:
    """Passes agents' names through, or replaces them by ``#1``, ``#2`` and so on in order of appearance.

    Attributes:
        hidden: Whether names are hidden; never reset once set.
    """

    def __init__(self) -> None:
        self.hidden = False
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}

    def shown(self, agent_id: str | None) -> str:
        """The displayed name of an agent; "" for a call outside of any agent's stream."""
        if agent_id is None:
            return ""
        if not self.hidden:
            return agent_id
        with self._lock:
            return f"#{self._numbers.setdefault(agent_id, len(self._numbers) + 1)}"

    def hidden_in(self, event: Event) -> Event:
        """An event with its agent's name hidden if required."""
        agent_id = getattr(event, "agent_id", None)
        if not self.hidden or agent_id is None:
            return event
        # Messages of events name models, never agents.
        shown: dict[str, Any] = {"agent_id": self.shown(agent_id)}
        return replace(event, **shown)
