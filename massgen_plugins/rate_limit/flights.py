"""How many admitted calls wait for their answer, by process; for people to see, no decision rests on it."""

from __future__ import annotations

from massgen_plugins.quota import NANOSECONDS

__all__ = ["Flights"]

_FORGOTTEN = 900 * NANOSECONDS
"""A process from which nothing was heard for this long is not counted: it may have been killed."""


class Flights:
    """Counts calls between their admission and the news of their answer.

    Attributes:
        processes: Process to (calls on their way, tick of the last change).
    """

    __slots__ = ("processes",)

    def __init__(self, processes: dict[str, tuple[int, int]] | None = None) -> None:
        self.processes = processes or {}

    def left(self, process: str, now: int) -> None:
        """A call of this process was admitted."""
        known = self.processes.get(process)
        self.processes[process] = (known[0] + 1 if known else 1, now)

    def landed(self, process: str, now: int) -> None:
        """The answer to a call of this process began, or the call came to nothing."""
        known = self.processes.get(process)
        if known is None or known[0] <= 1:
            self.processes.pop(process, None)
        else:
            self.processes[process] = (known[0] - 1, now)

    def count(self, now: int) -> int:
        """Calls that are on their way."""
        return sum(calls for calls, changed in self.processes.values() if now - changed <= _FORGOTTEN)
