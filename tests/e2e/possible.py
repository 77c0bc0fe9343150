"""What is possible for a client that is never refused, cannot see how long its calls travel, and sends none
before MassGen has made it."""

from __future__ import annotations

import sqlite3

from backends import LATENCY, UPLINK
from harness import User

from massgen_plugins.sandbox import SandboxReport
from massgen_plugins.sandbox.schedule import Quickest, surest

__all__ = ["holds", "possible", "seconds_of"]


def possible(report: SandboxReport, user: User) -> Quickest:
    """The quickest schedule of a run's calls, as `surest` derives it."""
    assert LATENCY > UPLINK  # else headers could tell earlier that a call was counted
    return surest(report, UPLINK, _made(report, user))


def seconds_of(report: SandboxReport) -> float:
    """From the first arrival to the end of the last answer."""
    return max(call.finished_ns for call in report.requests) / 1e9 - min(
        call.arrived for call in report.requests
    )


def _made(report: SandboxReport, user: User) -> list[float]:
    """When MassGen had made each call, on the server's clock: the record tells how long each was held.

    No call arrives before it left, so the clocks differ by the least time between both of all calls.
    """
    rows = _rows(user)
    arrivals = sorted(each.arrived for each in report.requests if each.admitted)
    if len(rows) != len(arrivals):
        return []
    ahead = min(arrived - left for arrived, (left, _) in zip(arrivals, rows, strict=True))
    return [left - waited + ahead for left, waited in rows]


def holds(user: User) -> list[float]:
    """For how many seconds each call was held, in the order in which they left."""
    return [waited for _, waited in _rows(user)]


def _rows(user: User) -> list[tuple[float, float]]:
    """When each call left, and for how long it was held before."""
    with sqlite3.connect(f"file:{user.store.with_name('calls.sqlite3')}?mode=ro", uri=True) as record:
        return record.execute("SELECT time, waited FROM call WHERE attempt = 1 ORDER BY time").fetchall()
