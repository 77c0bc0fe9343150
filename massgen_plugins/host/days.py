"""The remaining daily quotas, according to the shared store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from massgen_plugins.host.store_now import store_now
from massgen_plugins.quota import NANOSECONDS, CalendarDay, Kind, Pool, Sliding
from massgen_plugins.rate_limit.messages import describe_span
from massgen_plugins.rate_limit.verdict import LimitView
from massgen_plugins.rate_limit.viewing import PoolView, StoreView

__all__ = ["Day", "days_in", "too_little"]

_DAY = 86_400 * NANOSECONDS
_BUDGETS = "budget"
"""The provider field of budget domains, of which each run has one."""


@dataclass(frozen=True, slots=True)
class Day:
    """A daily limit on requests.

    Attributes:
        pool: The pool it belongs to.
        used: The amount used.
        allowed: The limit.
        resets_in: Seconds until it is fully available again.
    """

    pool: Pool
    used: int
    allowed: int
    resets_in: float

    @property
    def left(self) -> int:
        """The remaining amount."""
        return max(0, self.allowed - self.used)

    def __str__(self) -> str:
        return f"{self.used:,}/{self.allowed:,} requests today"


def days_in(store: str) -> list[Day]:
    """The daily limits of all pools in a store; empty if it cannot be read."""
    view = store_now(store, lambda domain: domain.provider != _BUDGETS)
    return _days(view) if view is not None else []


def too_little(
    days: Sequence[Day], provider: str, account: str | None, model: str, agents: int
) -> str | None:
    """A warning if a run needs more calls than a day has left; None if the quota may suffice.

    Each agent answers and votes, and one presents the answer. If there are several accounts, the one in use
    is not known yet: the warning is given only if none of them has enough.

    Args:
        days: Result of :func:`days_in`.
        provider: The agents' provider.
        account: The account's name in the settings, if any.
        model: The agents' resolved model.
        agents: Number of agents that use it.
    """
    needed = 2 * agents + 1 if agents > 1 else 1
    known = [day for day in days if (day.pool.domain.provider, day.pool.name) == (provider, model)]
    known = [day for day in known if account in (None, day.pool.domain.account)]
    best = max(known, key=lambda day: day.left, default=None)
    if best is None or best.left >= needed:
        return None
    resets = datetime.now().astimezone() + timedelta(seconds=best.resets_in)
    those = "one agent needs" if agents == 1 else f"{agents} agents need"
    return (
        f"{model}: {best.left:,} of {best.allowed:,} requests are left for this day, and {those} at least "
        f"{needed}. It resets at {resets:%H:%M %Z on %d %B}, in {describe_span(best.resets_in)}. Use another "
        "model or key, or fewer agents; `massgen-rl plan` says what would suffice."
    )


def _days(view: StoreView) -> list[Day]:
    rows = [(pool, _day_of(pool)) for pool in view.pools]
    return [
        Day(pool.pool, row.used, row.cap, row.resets / NANOSECONDS) for pool, row in rows if row is not None
    ]


def _day_of(pool: PoolView) -> LimitView | None:
    return next((row for row in pool.limits if row.limit.kind == Kind.REQUESTS and _is_day(row)), None)


def _is_day(row: LimitView) -> bool:
    window = row.limit.window
    return isinstance(window, CalendarDay) or (isinstance(window, Sliding) and window.length == _DAY)
