"""The penalties of a pool, in seconds and fractions."""

from __future__ import annotations

from dataclasses import dataclass

from massgen_plugins.quota import NANOSECONDS, Limit
from massgen_plugins.rate_limit.penalties import FULL
from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["PenaltiesView", "penalties_of"]


@dataclass(frozen=True, slots=True)
class PenaltiesView:
    """The penalties in force; 0 or empty for expired ones.

    Attributes:
        pause: Seconds for which calls are held.
        closed: Seconds for which calls are refused.
        advice: How to fix a closed pool.
        until: Seconds until the provider accepts calls again; 0 if it does.
        until_limit: The limit that is used up until then; None if not stated.
        quote: The provider's message; empty if it sent none, or no penalty is in force.
        share: Usable fraction of each sliding limit, 0 to 1.
        probing: Whether one call has to succeed before others follow.
    """

    pause: float
    closed: float
    advice: str
    until: float
    until_limit: Limit | None
    quote: str
    share: float
    probing: bool

    @property
    def held(self) -> bool:
        """Whether any penalty is in force."""
        return bool(self.pause or self.closed or self.until or self.probing or self.share < 1)


def penalties_of(view: PoolView) -> PenaltiesView:
    """The penalties of a pool at the time of the view."""
    penalties, tick = view.penalties, view.now.tick
    closed = _left(penalties.closed, tick)
    until = _left(penalties.until, view.now.wall)
    stated = {row.limit.key: row.limit for row in view.limits} | penalties.learned
    found = PenaltiesView(
        pause=_left(penalties.pause, tick),
        closed=closed,
        advice=penalties.advice if closed else "",
        until=until,
        until_limit=stated.get(penalties.until_key) if until else None,
        quote=penalties.quote,
        share=penalties.share_at(tick) / FULL,
        probing=penalties.probe < 0 or penalties.probe > tick,
    )
    return found if found.held else _NONE


_NONE = PenaltiesView(0, 0, "", 0, None, "", 1, False)


def _left(end: int, now: int) -> float:
    return max(0, end - now) / NANOSECONDS
