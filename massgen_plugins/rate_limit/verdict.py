"""What is asked of a domain, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from massgen_plugins.quota import Limit
from massgen_plugins.rate_limit.reservation import Reservation

__all__ = ["Blocker", "LimitView", "Reason", "Refused", "Verdict", "Wait"]


class Reason(StrEnum):
    """Why a call cannot leave now."""

    LIMIT = "limit"
    PAUSED = "paused"
    QUEUE = "queue"
    PAUSE = "pause"
    PROBE = "probe"
    STARTUP = "startup"
    UNTIL = "until"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Blocker:
    """What stands in the way of a call.

    Attributes:
        reason: Which of the obstacles it is.
        pool: In which pool.
        until: Tick at which to ask again; something may happen earlier.
        limit: The limit that is used up, if it is one, with the amount in force.
        resets: For UNTIL: when it ends, in nanoseconds since the epoch.
        advice: For CLOSED: what the user can do.
        quote: The provider's words, if a refusal imposed it.
        ahead: For QUEUE: where the process can be reached whose call goes first; empty if it is one's own.
    """

    reason: Reason
    pool: str
    until: int
    limit: Limit | None = None
    resets: int = 0
    advice: str = ""
    quote: str = ""
    ahead: str = ""

    @property
    def final(self) -> bool:
        """Whether waiting within this window is no cure."""
        return self.reason in {Reason.UNTIL, Reason.CLOSED}


@dataclass(frozen=True, slots=True)
class Wait:
    """A call that cannot leave now.

    Attributes:
        blocker: What it waits for.
        until: Tick at which to ask again.
        forecast: Tick at which it will leave; an estimate from below.
    """

    blocker: Blocker
    until: int
    forecast: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A call for which waiting is no cure."""

    blocker: Blocker


Verdict: TypeAlias = Reservation | Wait | Refused
"""The answer to an ask: the call may leave, has to wait, or need not wait."""


@dataclass(frozen=True, slots=True)
class LimitView:
    """One limit and how much of it is used, for people to look at.

    Attributes:
        limit: As declared or learned.
        cap: The amount in force.
        used: What counts now.
        resets: Nanoseconds until all of it is free again.
        next_slot: Nanoseconds until the smallest part of it is free; ``NEVER`` if it never is, or if that
            depends on when calls end.
    """

    limit: Limit
    cap: int
    used: int
    resets: int
    next_slot: int = 0
