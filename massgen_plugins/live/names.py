"""Agents' names as they leave this process: the user's own words, or numbers instead of them."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from massgen_plugins.events import Event

__all__ = ["Names"]


class Names:
    """Shows an agent's name, or hides it behind ``#1``, ``#2`` and so on, in the order of their coming.

    Attributes:
        hidden: Whether names are hidden; once they are, they stay so.
    """

    def __init__(self) -> None:
        self.hidden = False
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}

    def shown(self, agent_id: str | None) -> str:
        """What may be shown of an agent; "" for a call outside of any agent's stream."""
        if agent_id is None:
            return ""
        if not self.hidden:
            return agent_id
        with self._lock:
            return f"#{self._numbers.setdefault(agent_id, len(self._numbers) + 1)}"

    def hidden_in(self, event: Event) -> Event:
        """An event as it may leave the process."""
        agent_id = getattr(event, "agent_id", None)
        if not self.hidden or agent_id is None:
            return event
        # Sentences of events name models, never agents.
        shown: dict[str, Any] = {"agent_id": self.shown(agent_id)}
        return replace(event, **shown)
