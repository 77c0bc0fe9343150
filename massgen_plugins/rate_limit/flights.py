"""How many admitted calls wait for their answer, by process; for people to see, no decision rests on it."""

from __future__ import annotations

from massgen_plugins.quota import NANOSECONDS

__all__ = ["Flights"]

_FORGOTTEN = 900 * NANOSECONDS
"""A process from which nothing was heard for this long is not counted: it may have been killed."""


class Flights:
    """What processes last said of their calls.

    Attributes:
        processes: Process to (calls on their way, tick at which it said so).
    """

    __slots__ = ("processes",)

    def __init__(self, processes: dict[str, tuple[int, int]] | None = None) -> None:
        self.processes = processes or {}

    def report(self, process: str, calls: int, now: int) -> None:
        """A process has this many calls on their way."""
        if calls > 0:
            self.processes[process] = (calls, now)
        else:
            self.processes.pop(process, None)

    def count(self, now: int) -> int:
        """Calls that are on their way."""
        return sum(calls for calls, changed in self.processes.values() if now - changed <= _FORGOTTEN)
