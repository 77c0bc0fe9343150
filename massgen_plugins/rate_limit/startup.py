"""The mandatory cooldown after agents start, one for each run in each scope. Pure: ticks are arguments.

``probe``: when a run's first call in a scope was let go, no other of that run leaves until its answer begins
or the cooldown has passed, so that a dead key or a lower limit costs one refusal and not one per agent.
``space``: the first calls of a run's agents keep the cooldown between each other.
Neither is repeated when an agent restarts.
"""

from __future__ import annotations

__all__ = ["Startup"]


class Startup:
    """Decides when a run's calls in one scope may leave.

    Args:
        mode: ``probe``, ``space`` or ``off``.
        cooldown: Nanoseconds.
    """

    def __init__(self, mode: str, cooldown: int) -> None:
        self._mode = mode if cooldown else "off"
        self._cooldown = cooldown
        self._prober: object | None = None
        self._prober_left: int | None = None
        self._settled = self._mode != "probe"
        self._seen_agents: set[str | None] = set()
        self._next_start = 0

    def earliest(self, call: object, agent_id: str | None, now: int) -> int | None:
        """The tick from which a call may leave; None: it must wait for news of the first call.

        The call that is told to leave first has to be followed by :meth:`left` and :meth:`ended`.
        """
        if self._mode == "space" and agent_id not in self._seen_agents:
            self._seen_agents.add(agent_id)
            start = max(now, self._next_start)
            self._next_start = start + self._cooldown
            return start
        if self._settled or self._prober is call:
            return now
        if self._prober is None:
            self._prober = call
            return now
        if self._prober_left is None:
            return None
        if now >= self._prober_left + self._cooldown:
            self._settled = True
            return now
        return self._prober_left + self._cooldown

    def left(self, call: object, now: int) -> None:
        """The call was admitted."""
        if self._prober is call and self._prober_left is None:
            self._prober_left = now

    def ended(self, call: object, *, answered: bool) -> bool:
        """The call was answered, or came to nothing: True if others may go on now.

        When the first call came to nothing, the next one takes its part.
        """
        if self._settled or self._prober is not call:
            return False
        self._settled = answered
        if not answered:
            self._prober = self._prober_left = None
        return True
