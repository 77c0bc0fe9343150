"""The verdict on a call: admitted, wait, or refused, and why."""

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
    """What keeps a call from leaving.

    Attributes:
        reason: Why.
        pool: The pool that blocks.
        until: Tick at which to retry; something may happen earlier.
        limit: The exhausted limit, if any, with the amount in force.
        resets: For UNTIL: when it ends, in nanoseconds since the epoch.
        advice: For CLOSED: what the user can do.
        quote: The provider's words, if a refusal imposed it.
        ahead: Address of the process that goes first; empty if none does, or if it is this one.
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
        """Whether waiting within this window does not help."""
        return self.reason in {Reason.UNTIL, Reason.CLOSED}


@dataclass(frozen=True, slots=True)
class Wait:
    """A call that cannot leave now.

    Attributes:
        blocker: What it waits for.
        until: Tick at which to retry.
        forecast: Tick at which it will leave; a lower bound.
    """

    blocker: Blocker
    until: int
    forecast: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that waiting does not help."""

    blocker: Blocker


Verdict: TypeAlias = Reservation | Wait | Refused
"""The decision on an ask: admitted, wait, or refused."""


@dataclass(frozen=True, slots=True)
class LimitView:
    """One limit and its usage, for display.

    Attributes:
        limit: As declared or learned.
        cap: The amount in force.
        used: The amount in use now.
        resets: Nanoseconds until nothing is in use.
        next_slot: Nanoseconds until the smallest amount fits; ``NEVER`` if it never does, or if that depends
            on when calls end.
    """

    limit: Limit
    cap: int
    used: int
    resets: int
    next_slot: int = 0
