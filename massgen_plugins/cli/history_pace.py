"""How long a daily quota will last at the rate of the last hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from massgen_plugins.quota import NANOSECONDS, CalendarDay, CalendarMonth, Kind, Limit, Pool

if TYPE_CHECKING:
    from massgen_plugins.calls.query import Record
    from massgen_plugins.cli.looking import Looked

__all__ = ["DayPace", "paces"]

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class DayPace:
    """A daily or monthly limit on requests, and how long it will last.

    Attributes:
        pool: Its pool.
        limit: The limit.
        used: The amount used.
        cap: The amount allowed.
        resets: Seconds until it resets.
        hourly: Calls in the last hour.
        lasts: Seconds until it is used up at that rate; None if it lasts until the reset.
    """

    pool: Pool
    limit: Limit
    used: int
    cap: int
    resets: float
    hourly: int
    lasts: float | None


def paces(looked: Looked, record: Record, now: float) -> Sequence[DayPace]:
    """One per pool with a partly used daily or monthly limit on requests."""
    return list(_paces(looked, record, now))


def _paces(looked: Looked, record: Record, now: float) -> Iterator[DayPace]:
    from massgen_plugins.calls.rows import Question

    for view in looked.pools:
        for row in view.limits:
            window = isinstance(row.limit.window, CalendarDay | CalendarMonth)
            if not window or row.limit.kind != Kind.REQUESTS or not row.used:
                continue
            domain = view.pool.domain
            asked = Question(
                since=now - _HOUR, model=view.pool.name, provider=domain.provider, account=domain.account
            )
            hourly = sum(each.calls for each in record.totals(asked))
            left, resets = max(0, row.cap - row.used), row.resets / NANOSECONDS
            seconds = left / hourly * _HOUR if hourly else None
            lasts = seconds if seconds is not None and seconds < resets else None
            yield DayPace(view.pool, row.limit, row.used, row.cap, resets, hourly, lasts if left else 0.0)
