"""What a measure gives: figures, each with its goal if it has one, and how much effort they may cost."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FULL", "QUICK", "TINY", "Effort", "Figure"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number.

    Attributes:
        measure: What was measured, as in the table of goals.
        subject: Whose it is.
        value: The number.
        unit: What it is a number of.
        goal: What it should reach; None for everybody but us.
        at_least: Whether the goal is a lower bound; it is an upper one otherwise.
        note: What a reader must know, in a few words.
    """

    measure: str
    subject: str
    value: float
    unit: str
    goal: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def passed(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure.

    Attributes:
        times: Operations in one timed loop.
        rounds: Back-to-back pairs, of which the median counts.
        events: How many calls make a full window.
        windows: Windows of a simulation in virtual time.
        seconds: Seconds of a run in real time.
        peers: Whether the slow peers are measured as well in runs of real time.
        patience: Seconds after which a measure that has not ended is given up, with the whole run.
    """

    times: int
    rounds: int
    events: int
    windows: int
    seconds: float
    peers: bool = True
    patience: float = 3600


FULL = Effort(times=1000, rounds=15, events=100_000, windows=120, seconds=24)
QUICK = Effort(times=500, rounds=7, events=100_000, windows=25, seconds=5, peers=False, patience=300)
TINY = Effort(times=3, rounds=1, events=30, windows=2, seconds=1.2, peers=False)
