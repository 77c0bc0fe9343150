"""The remainder of daily and monthly limits, and the number of runs that it suffices for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from massgen_plugins.planning.simulation import CallShape
from massgen_plugins.planning.team import PlannedAgent, Team
from massgen_plugins.quota import CalendarDay, CalendarMonth, Domain, Kind, Limit
from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["SpanLeft", "spans_left"]


@dataclass(frozen=True, slots=True)
class SpanLeft:
    """A daily or monthly limit.

    Attributes:
        pool: Its pool; the model's name, for display.
        limit: The limit in force.
        used: The amount used.
        needed: The amount that one run needs.
    """

    pool: str
    limit: Limit
    used: int
    needed: int

    @property
    def left(self) -> int:
        """The remaining amount."""
        return max(0, self.limit.amount - self.used)

    @property
    def runs(self) -> int:
        """The number of runs that it suffices for."""
        return self.left // max(1, self.needed)


def spans_left(
    team: Team,
    turns: Mapping[PlannedAgent, int],
    shapes: Mapping[str, CallShape],
    views: Iterable[PoolView],
) -> list[SpanLeft]:
    """The daily and monthly limits that a team's calls book in, tightest first.

    Args:
        team: The team and its rules.
        turns: Number of calls by agent.
        shapes: Shape of a call by model.
        views: Current usage from the store.
    """
    used = _used(views)
    found = []
    for (domain, pool), rules in team.rules.items():
        members = [agent for agent in turns if agent.domain == domain and pool in agent.pools]
        for limit in rules.limits:
            if isinstance(limit.window, CalendarDay | CalendarMonth):
                needed = sum(turns[agent] * _takes(limit, shapes[agent.model]) for agent in members)
                spent = _of(used, domain, pool, limit)
                found.append(SpanLeft(pool, limit, spent, needed))
    return sorted(found, key=lambda each: each.runs)


def _takes(limit: Limit, shape: CallShape) -> int:
    return 1 if limit.kind == Kind.REQUESTS else shape.amounts.get(limit.kind, 0)


def _used(views: Iterable[PoolView]) -> Sequence[tuple[Domain, str, str, int]]:
    return [
        (view.pool.domain, view.pool.name, row.limit.key, row.used) for view in views for row in view.limits
    ]


def _of(used: Sequence[tuple[Domain, str, str, int]], domain: Domain, pool: str, limit: Limit) -> int:
    """The highest use among the possible accounts, since the key is only known at run time."""
    return max(
        (
            amount
            for known, name, key, amount in used
            if (known.provider, known.endpoint, name, key)
            == (domain.provider, domain.endpoint, pool, limit.key)
            and domain.account in ("", known.account)
        ),
        default=0,
    )
