"""The cost of the watched runs so far, from the record of calls."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from massgen_plugins.errors import StoreUnavailable

if TYPE_CHECKING:
    from massgen_plugins.live.presence import Presence

__all__ = ["WatchedCost"]


class WatchedCost:
    """Queries the record only if there were calls since the last query.

    Args:
        record: Its file; None if there is none.
    """

    def __init__(self, record: Path | None) -> None:
        self._record = record
        self._calls = 0
        self._words = ""

    def words(self, runs: Collection[Presence], calls: int) -> str:
        """The cost in US dollars; "" until the record has calls of these runs.

        Args:
            runs: The runs that were seen.
            calls: Number of their calls.
        """
        if self._record is not None and runs and calls != self._calls:
            self._words = self._asked(self._record, runs)
            self._calls = calls if self._words else 0
        return self._words

    def _asked(self, path: Path, runs: Collection[Presence]) -> str:
        from massgen_plugins.calls.query import Record
        from massgen_plugins.calls.rows import Question
        from massgen_plugins.cli.money import dollars

        names = {run.run for run in runs}
        with suppress(StoreUnavailable):
            since = min(run.started for run in runs)
            rows = Record(path).totals(Question(since=since), by=("run",))
            found = [row for row in rows if row.key["run"] in names]
            cost = sum((row.cost for row in found), Decimal(0))
            more = " + ?" if any(row.unknown for row in found) else ""
            return f"${dollars(cost)}{more}" if cost else "cost unknown" if more else ""
        return ""
