"""How long a day's quota lasts at the pace of the last hour."""

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
    """A day's, or month's, limit of requests and how long it lasts.

    Attributes:
        pool: Whose it is.
        limit: Which.
        used: What counts now.
        cap: What is allowed.
        resets: Seconds until it is free again.
        hourly: Calls in the last hour.
        lasts: Seconds until it is used up at that pace; None if it outlasts the reset.
    """

    pool: Pool
    limit: Limit
    used: int
    cap: int
    resets: float
    hourly: int
    lasts: float | None


def paces(looked: Looked, record: Record, now: float) -> Sequence[DayPace]:
    """One for each pool with a limit of requests for a day or month of which something is used."""
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
