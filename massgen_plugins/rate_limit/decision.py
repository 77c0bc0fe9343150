"""What a scope answers to those who ask to leave."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from massgen_plugins.quota import Limit
from massgen_plugins.rate_limit.hold import Hold

__all__ = ["Blocker", "Decision", "Reason", "Usage"]


class Reason(StrEnum):
    """Why a call cannot leave now."""

    LIMIT = "limit"
    LINE = "line"
    PAUSE = "pause"
    PROBE = "probe"
    DAY = "day"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Blocker:
    """What stands in the way of the first bid that was not granted.

    Attributes:
        reason: Which of the obstacles it is.
        wake: Tick at which to ask again; earlier news may come.
        limit: The limit that is used up, if it is one, with the amount in force.
        resets: For a day: when it resets, in nanoseconds since the epoch.
        advice: For a closed door: what the user can do.
    """

    reason: Reason
    wake: int
    limit: Limit | None = None
    resets: int = 0
    advice: str = ""

    def later(self, nanoseconds: int) -> Blocker:
        """The same, to ask again so much later."""
        return replace(self, wake=self.wake + nanoseconds)

    @property
    def final(self) -> bool:
        """Whether waiting within this window is no cure."""
        return self.reason in (Reason.DAY, Reason.CLOSED)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a lane's bids.

    Attributes:
        holds: One for each granted bid, from the first on.
        blocker: What stands in the way of the next bid; None if all were granted.
        troubled: Whether the scope wants to hear of successes.
    """

    holds: tuple[Hold, ...]
    blocker: Blocker | None
    troubled: bool


@dataclass(frozen=True, slots=True)
class Usage:
    """One limit and how much of it is used, for people to look at."""

    limit: Limit
    cap: int
    used: int
    resets: int
    """Nanoseconds until all of it is free again."""
