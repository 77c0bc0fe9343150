"""What refusals have left behind in a scope, in seconds and fractions."""

from __future__ import annotations

from dataclasses import dataclass

from massgen_plugins.quota import NANOSECONDS
from massgen_plugins.rate_limit.calendar_day import day_of
from massgen_plugins.rate_limit.lessons import FULL
from massgen_plugins.rate_limit.stores.base import ScopeView

__all__ = ["Penalties", "penalties_of"]


@dataclass(frozen=True, slots=True)
class Penalties:
    """What holds now; what is over counts as none.

    Attributes:
        pause: Seconds for which nothing leaves.
        closed: Seconds for which every call is refused.
        advice: What to do about a closed door.
        day_spent: Whether the provider called this day used up.
        share: The part of each sliding limit that may be used, 0 to 1.
        probing: Whether one call has to succeed before others follow.
    """

    pause: float
    closed: float
    advice: str
    day_spent: bool
    share: float
    probing: bool


def penalties_of(view: ScopeView, now: float) -> Penalties:
    """The penalties of a scope at the moment of the view, ``now`` in seconds since the epoch."""
    lessons = view.lessons
    closed = _left(lessons.closed, view)
    today = day_of(int(now * NANOSECONDS), view.rules.zone)
    return Penalties(
        pause=_left(lessons.pause, view),
        closed=closed,
        advice=lessons.advice if closed else "",
        day_spent=lessons.spent_day == today,
        share=lessons.share_at(view.now) / FULL,
        probing=lessons.probe < 0 or lessons.probe > view.now,
    )


def _left(tick: int, view: ScopeView) -> float:
    return max(0, tick - view.now) / NANOSECONDS
