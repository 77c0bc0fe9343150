"""Collects metrics from the store, the record of calls and the records of processes on each scrape."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from massgen_plugins.calls.query import Record
from massgen_plugins.calls.rows import Question, Totals
from massgen_plugins.errors import MassgenPluginsError
from massgen_plugins.live.presence import WaitingCall, read_all
from massgen_plugins.metrics.names import COUNTERS, GAUGES, HISTOGRAM, WAIT_BOUNDS
from massgen_plugins.quota import NANOSECONDS, Held
from massgen_plugins.rate_limit.viewing import PoolView, StoreView

__all__ = ["QuotaCollector"]

_DAY = 86_400
_BUDGETS = "budget"
"""The provider field of budget domains, see ``budget.terms``; these are not quotas."""
_Key = tuple[str, str, str]


@dataclass(slots=True)
class _Families:
    """The metrics of one scrape."""

    gauges: dict[str, GaugeMetricFamily] = field(
        default_factory=lambda: {
            name: GaugeMetricFamily(name, said, labels=labels) for name, (said, labels) in GAUGES.items()
        }
    )
    counters: dict[str, CounterMetricFamily] = field(
        default_factory=lambda: {
            name: CounterMetricFamily(name, said, labels=labels) for name, (said, labels) in COUNTERS.items()
        }
    )

    def set(self, name: str, labels: Sequence[str], value: float) -> None:
        """Add a sample of a gauge."""
        self.gauges[f"massgen_rl_{name}"].add_metric(labels, value)

    def count(self, name: str, labels: Sequence[str], value: float) -> None:
        """Add a sample of a counter."""
        self.counters[f"massgen_rl_{name}"].add_metric(labels, value)


class QuotaCollector(Collector):
    """The collector behind ``massgen-rl metrics``. Read-only, sends no requests.

    Args:
        view: Reads the store.
        record: The record of calls; None if there is none.
        live: Directory of the records of processes; None for the user's own.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        view: Callable[[], StoreView],
        record: Path | None,
        live: Path | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._view = view
        self._record = record
        self._live = live
        self._now = now

    @classmethod
    def of_settings(cls) -> Self:
        """Create a collector for the store and the record in this user's settings.

        Raises:
            ConfigurationError: The settings are invalid.
        """
        from massgen_plugins.metrics.sources import record_of_settings, view_of_settings

        return cls(view_of_settings(), record_of_settings())

    def describe(self) -> Iterable[Metric]:
        """Describe nothing, so that registration does not read the store."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the current value of every metric."""
        made, now = _Families(), self._now()
        _put_processes(made, read_all(self._live))
        waiting = [call for process in read_all(self._live) for call in process.waiting]
        try:
            pools = [pool for pool in self._view().pools if _is_quota(pool)]
            made.set("store_up", (), 1)
        except MassgenPluginsError:
            pools = []
            made.set("store_up", (), 0)
        for pool in pools:
            _put_pool(made, pool)
        _put_waiting(made, pools, waiting, now)
        waits = HistogramMetricFamily(HISTOGRAM[0], HISTOGRAM[1], labels=HISTOGRAM[2])
        if self._record is not None:
            self._put_calls(made, waits, now - now % _DAY)
        yield from made.gauges.values()
        yield from made.counters.values()
        yield waits

    def _put_calls(self, made: _Families, waits: HistogramMetricFamily, since: float) -> None:
        """Add the record's sums of this day: counters start at zero each day, and never decrease."""
        assert self._record is not None  # noqa: S101 - asked only then
        record, question = Record(self._record), Question(since=since)
        try:
            totals = record.totals(question, by=("provider", "account", "model", "outcome"))
            rows = record.waits(WAIT_BOUNDS, since)
        except MassgenPluginsError:
            return  # the next scrape may succeed
        for each in totals:
            _put_totals(made, each)
        for labels, counts, total in rows:
            waits.add_metric(labels, _cumulative(counts), total)


def _put_processes(made: _Families, processes: Sequence[object]) -> None:
    made.set("processes", (), len(processes))


def _put_pool(made: _Families, view: PoolView) -> None:
    labels = _labels(view)
    for row in view.limits:
        if isinstance(row.limit.window, Held):
            made.set("in_flight", labels, row.used)
        limit = (*labels, row.limit.key, str(row.limit.window))
        made.set("limit", limit, row.cap)
        made.set("used", limit, row.used)
        made.set("remaining", limit, max(0, row.cap - row.used))
        made.set("reset_seconds", limit, max(0, row.resets) / NANOSECONDS)
    penalties, now = view.penalties, view.now
    left = max(penalties.pause - now.tick, penalties.closed - now.tick, penalties.until - now.wall, 0)
    made.set("penalty_seconds", labels, left / NANOSECONDS)
    made.set("paused", labels, view.rules.paused)


def _put_waiting(
    made: _Families, pools: Sequence[PoolView], waiting: Sequence[WaitingCall], now: float
) -> None:
    """Combine this machine's processes with the shared queue: neither knows all waiting calls."""
    counts: dict[_Key, int] = {_labels(view): view.waiting for view in pools}
    slots: dict[_Key, float] = {
        _labels(view): max(0, view.queue[0].leaves - view.now.tick) / NANOSECONDS
        for view in pools
        if view.queue
    }
    here: dict[_Key, list[WaitingCall]] = {}
    for call in waiting:
        here.setdefault((call.provider, call.account, call.model), []).append(call)
    for key, calls in here.items():
        counts[key] = max(counts.get(key, 0), len(calls))
        slots[key] = max(0.0, min(call.until for call in calls) - now)
    for key, count in counts.items():
        made.set("waiting", key, count)
    for key, seconds in slots.items():
        made.set("next_slot_seconds", key, seconds)


def _put_totals(made: _Families, row: Totals) -> None:
    labels = row.key["provider"], row.key["account"], row.key["model"]
    outcome = row.key["outcome"].replace(" ", "_")
    made.count("calls", (*labels, outcome), row.calls + row.turned_away)
    if outcome != "answered":
        return
    tokens: Mapping[str, int | None] = {
        "input": row.tokens.input,
        "output": row.tokens.output,
        "cached": row.tokens.cached,
        "reasoning": row.tokens.reasoning,
    }
    for kind, count in tokens.items():
        if count:
            made.count("tokens", (*labels, kind), count)
    made.count("cost_dollars", labels, float(row.cost) / 1e6)
    made.count("unpriced_calls", labels, row.unknown)


def _cumulative(counts: Sequence[int]) -> list[tuple[str, float]]:
    bounds = [*map(str, WAIT_BOUNDS), "+Inf"]
    return [(bound, float(sum(counts[: place + 1]))) for place, bound in enumerate(bounds)]


def _is_quota(view: PoolView) -> bool:
    return view.eventful and view.pool.domain.provider != _BUDGETS


def _labels(view: PoolView) -> _Key:
    return view.pool.domain.provider, view.pool.domain.account, view.pool.name
