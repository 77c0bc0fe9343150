"""Keeps the record of calls: accepts events on event loops, prices and writes them on its own thread."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias, TypeVar
from weakref import WeakSet

from massgen_plugins.budget.prices import Price, Prices
from massgen_plugins.budget.usage import Tokens, tokens_of
from massgen_plugins.calls.record_file import RecordBusy, RecordFile
from massgen_plugins.calls.rows import PICO, TURNED_AWAY
from massgen_plugins.calls.runs import RunInfo, find_run
from massgen_plugins.errors import StoreUnavailable, described
from massgen_plugins.events import CallSettled, CallTurnedAway
from massgen_plugins.rate_limit.stores.process import after_fork
from massgen_plugins.rate_limit.stores.worker import WorkerThread

__all__ = ["Recorder", "close_all"]

_MOST = 20_000
"""Maximum number of calls queued for writing; beyond it, as with a stalled disk, the oldest are dropped."""

_TOO_SLOW = "Some calls are missing from the record of calls: the disk is too slow, or has stalled."
_RETRY = 5.0
"""Seconds between attempts to write after a failure."""

_ERRORS_START = 400

T = TypeVar("T")
Over: TypeAlias = CallSettled | CallTurnedAway
_recorders: WeakSet[Recorder] = WeakSet()


class Recorder:
    """Records this process's calls in a file. Failures are reported once and affect nothing else.

    Args:
        path: The file.
        days: Calls older than this are removed.
        megabytes: The oldest calls are removed when the file is larger.
        prices: Computes costs; called on the writing thread.
        report: Called with one sentence about a failure.
    """

    def __init__(
        self, path: Path, days: int, megabytes: int, prices: Prices, report: Callable[[str], None]
    ) -> None:
        self._file = RecordFile(path, days, megabytes, report)
        self._prices = prices
        self._report = report
        self._worker = WorkerThread("massgen-plugins-record")
        self._said: set[str] = set()
        self._logged: set[str] = set()
        self.forked()
        after_fork(self)
        _recorders.add(self)
        self._worker.submit(prices.load)  # before the first call ends

    def forked(self) -> None:
        """Reset after a fork: the child records its own calls only."""
        self._lock = threading.Lock()
        self._calls: deque[tuple[float, Over]] = deque(maxlen=_MOST)
        self._runs: deque[RunInfo] = deque()
        self._rows: deque[tuple[object, ...]] = deque(maxlen=_MOST)
        self._run_rows: deque[tuple[object, ...]] = deque(maxlen=_MOST)
        self._retry_at = 0.0

    def add(self, event: Over) -> None:
        """Queue a finished call. Fast and thread-safe."""
        if event.run not in self._logged:
            self._add_run(event.run)
        if len(self._calls) == _MOST:
            self._say(_TOO_SLOW)
        self._calls.append((time.time(), event))
        self._worker.remind(self.write)

    def write(self) -> None:
        """Write the queued calls; after a failure, only once some seconds have passed."""
        with self._lock:
            self._rows.extend(self._new_rows())
            self._run_rows.extend(map(_run_row, _taken(self._runs)))
            if self._rows and time.monotonic() >= self._retry_at:
                self._append()

    def close(self) -> None:
        """Write the remaining calls and close the file."""
        self._retry_at = 0.0
        self.write()
        with self._lock:
            self._file.close()

    def _append(self) -> None:
        try:
            self._file.append(self._run_rows, self._rows)
        except StoreUnavailable as error:
            self._retry_at = time.monotonic() + _RETRY
            if not isinstance(error, RecordBusy):
                self._say(str(error))
        else:
            self._rows.clear()
            self._run_rows.clear()

    def _new_rows(self) -> Iterator[tuple[object, ...]]:
        for at, event in _taken(self._calls):
            try:
                yield self._row(at, event)
            except Exception as error:  # must not affect the run
                self._say(f"an internal error: the record of calls lacks a call: {described(error)}.")

    def _add_run(self, name: str) -> None:
        run = find_run(name)
        if run is None or run.log_dir is not None:  # called here, in the context of the run
            self._logged.add(name)
        if run is not None:
            self._runs.append(run)

    def _row(self, at: float, event: Over) -> tuple[object, ...]:
        if isinstance(event, CallTurnedAway):
            return _turned_away(at, event)
        domain = event.pool.domain
        tokens = tokens_of(domain.provider, event.amounts, event.raw)
        price = self._price(event, tokens)
        return (
            *(event.admitted, event.run, event.agent_id or "", event.model, event.requested_model),
            *(domain.provider, domain.account, domain.endpoint, event.call, event.attempt),
            *(event.waited, event.seconds, event.status, event.outcome, *_counts(tokens)),
            *(_nothing_spent(event) if price is None else _cost(price)),
        )

    def _price(self, event: CallSettled, tokens: Tokens | None) -> Price | None:
        if event.cost is not None:
            return Price.said(event.cost)
        domain = event.pool.domain
        return self._prices.price(domain, event.model, tokens, event.requested_model, event.admitted)

    def _say(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            with suppress(Exception):
                self._report(sentence)


def _taken(kept: deque[T]) -> list[T]:
    """Remove and return the items queued so far."""
    return [kept.popleft() for _ in range(len(kept))]


def _run_row(run: RunInfo) -> tuple[object, ...]:
    path = str(Path(run.config_path).absolute()) if run.config_path else ""
    return run.name, path, run.started, str(run.log_dir or "")


def _counts(tokens: Tokens | None) -> tuple[int | None, ...]:
    if tokens is None:
        return (None,) * 7
    return (
        *(tokens.input, tokens.output, tokens.cached, tokens.cache_write),
        *(tokens.reasoning, tokens.audio_input, tokens.audio_output),
    )


def _cost(price: Price) -> tuple[object, ...]:
    parts = [[name, count, str(rate)] for name, count, rate in price.parts]
    return round(price.cost * PICO), json.dumps(parts) if parts else "", price.source, price.dated


def _nothing_spent(event: CallSettled) -> tuple[object, ...]:
    """The cost of a call without a price: zero for an error answer without usage, else unknown."""
    refused = event.status >= _ERRORS_START and not event.amounts
    return 0 if refused else None, "", "", ""


def _turned_away(at: float, event: CallTurnedAway) -> tuple[object, ...]:
    domain = event.pool.domain
    return (
        *(at, event.run, event.agent_id or "", event.pool.name, ""),
        *(domain.provider, domain.account, domain.endpoint, event.call, 0),
        *(0.0, 0.0, 0, TURNED_AWAY, *_counts(None), 0, "", "", ""),
    )


def close_all() -> None:
    """Write and close the records of this process, when it exits."""
    for recorder in list(_recorders):
        with suppress(Exception):  # nobody to report to during shutdown
            recorder.close()
