"""Read-only queries of the record of calls; SQLite computes the sums."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from massgen_plugins.budget.usage import Tokens
from massgen_plugins.calls.record_file import is_ours
from massgen_plugins.calls.rows import PICO, TURNED_AWAY, CallRow, Question, RunRow, Totals
from massgen_plugins.errors import StoreUnavailable

__all__ = ["DIMENSIONS", "Record"]

DIMENSIONS = {
    "run": "call.run",
    "agent": "agent",
    "model": "model",
    "provider": "provider",
    "account": "account",
    "file": "coalesce(run.file, '')",
    "outcome": "outcome",
    "source": "source",
    "hour": "strftime('%Y-%m-%d %H:00', time, 'unixepoch', 'localtime')",
    "day": "strftime('%Y-%m-%d', time, 'unixepoch', 'localtime')",
    "month": "strftime('%Y-%m', time, 'unixepoch', 'localtime')",
}
"""Grouping keys for calls; days are in this machine's time zone."""

_FROM = "FROM call LEFT JOIN run ON run.name = call.run"
_LEFT = f"outcome <> '{TURNED_AWAY}'"
_TOKENS = ("input", "output", "cached", "cache_write", "reasoning", "audio_input", "audio_output")
_SUMS = {
    "calls": f"total({_LEFT})",
    "answered": "total(outcome = 'answered')",
    "refused": "total(outcome = 'refused')",
    "failed": "total(outcome = 'failed')",
    "turned_away": f"total(outcome = '{TURNED_AWAY}')",
    "runs": "count(DISTINCT nullif(call.run, ''))",
    "unknown": "total(cost IS NULL)",
    "unsaid": "total(cost IS NULL AND input IS NULL)",
    "waited": "total(waited)",
    "longest_wait": "max(waited)",
    "seconds": "total(seconds)",
    "cost": "sum(cost)",
    "first": "min(time)",
    "last": "max(time)",
}
_SUM_NAMES = tuple(_SUMS)
_COUNTED = _SUM_NAMES[:8]
_SUMMED = ", ".join([*_SUMS.values(), *(f"sum({name})" for name in _TOKENS)])
_ROW_NAMES = (
    *("id", "time", "run", "agent", "model", "requested_model", "provider", "account", "endpoint", "number"),
    *("attempt", "waited", "seconds", "status", "outcome", "cost", "parts", "source", "dated", "file"),
)
_QUALIFIED = {"run": "call.run", "file": "coalesce(run.file, '')"}
_ROW = ", ".join([*(_QUALIFIED.get(name, name) for name in _ROW_NAMES), *_TOKENS])
_RUNS = "SELECT name, file, started, log_dir FROM run WHERE name IN"
_PATIENCE = 2.0
"""Seconds to wait while the file is recovered after a crash; normal writers never block readers."""


class Record:
    """The record in a file; a missing file is an empty record.

    Methods raise ``StoreUnavailable`` for a file that cannot be read, or that is not a record.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def totals(self, question: Question | None = None, by: Sequence[str] = ()) -> list[Totals]:
        """Sums over the selected calls for each non-empty group, ordered by group.

        Args:
            question: Which calls; None for all.
            by: Names of ``DIMENSIONS``; if empty, there is at most one group.
        """
        where, values = _where(question or Question())
        names = [DIMENSIONS[each] for each in by]
        grouped = f"GROUP BY {', '.join(names)} ORDER BY {', '.join(names)}" if names else ""
        sql = f"SELECT {', '.join([*names, _SUMMED])} {_FROM} {where} {grouped}"
        with self._reading() as connection:
            if connection is None:
                return []
            found = connection.execute(sql, values).fetchall()
        made = [_totals(by, row) for row in found]
        return [each for each in made if each.calls or each.turned_away]

    def calls(
        self,
        question: Question | None = None,
        *,
        limit: int = -1,
        newest_first: bool = True,
        dearest_first: bool = False,
    ) -> Iterator[CallRow]:
        """The selected calls.

        Args:
            question: Which calls; None for all.
            limit: Maximum number; negative for all.
            newest_first: Order by time.
            dearest_first: Order by cost first; unknown costs come last.
        """
        where, values = _where(question or Question())
        order = "DESC" if newest_first else "ASC"
        first = "cost DESC NULLS LAST, " if dearest_first else ""
        sql = f"SELECT {_ROW} {_FROM} {where} ORDER BY {first}time {order}, id {order} LIMIT ?"
        with self._reading() as connection:
            if connection is not None:
                for row in connection.execute(sql, (*values, limit)):
                    yield _call(row)

    def waits(
        self, bounds: Sequence[float], since: float
    ) -> list[tuple[tuple[str, str, str], list[int], float]]:
        """Histograms of waits, by provider, account and model.

        Args:
            bounds: Upper bounds of the bins, ascending; a last bin is unbounded.
            since: Only calls sent since then, in seconds since the epoch.

        Returns:
            For each, the number of calls per bin and the sum of their waits.
        """
        steps = [f"total(waited > {low!r} AND waited <= {high!r})" for low, high in _pairs(bounds)]
        names = "provider, account, model"
        where, values = _where(Question(since=since))
        summed = f"{names}, total(waited), {', '.join(steps)}"
        sql = f"SELECT {summed} {_FROM} {where} AND {_LEFT} GROUP BY {names} ORDER BY {names}"
        with self._reading() as connection:
            found = [] if connection is None else connection.execute(sql, values).fetchall()
        return [((row[0], row[1], row[2]), [int(count) for count in row[4:]], row[3]) for row in found]

    def call(self, number: int) -> CallRow | None:
        """The call with this number in the record."""
        with self._reading() as connection:
            if connection is None:
                return None
            sql = f"SELECT {_ROW} {_FROM} WHERE id = ?"
            row = connection.execute(sql, (number,)).fetchone()
        return None if row is None else _call(row)

    def runs(self, question: Question | None = None) -> list[RunRow]:
        """The runs of the selected calls, newest first."""
        where, values = _where(question or Question())
        sql = f"{_RUNS} (SELECT call.run {_FROM} {where}) ORDER BY started DESC, name DESC"
        with self._reading() as connection:
            return [] if connection is None else [RunRow(*row) for row in connection.execute(sql, values)]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """A connection with a consistent snapshot; None if nothing was recorded yet."""
        try:
            if not self.path.exists() or self.path.stat().st_size == 0:
                yield None
                return
            if not is_ours(self.path):
                raise StoreUnavailable(
                    f"{self.path} is not a record of calls that this version can read; move it away or name "
                    "another file, or install the version that wrote it."
                )
            uri = f"{self.path.absolute().as_uri()}?mode=ro"
            connection = sqlite3.connect(uri, uri=True, timeout=_PATIENCE, isolation_level=None)
            try:
                connection.execute("BEGIN")
                exists = connection.execute("PRAGMA application_id").fetchone()[0]
                yield connection if exists else None
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise StoreUnavailable(
                f"The record of calls cannot be read ({self.path}: {error}); the next run renames a "
                "damaged one and starts a new one."
            ) from error
        except OSError as error:
            raise StoreUnavailable(f"{self.path} cannot be read: {error.strerror or error}.") from error


def _pairs(bounds: Sequence[float]) -> list[tuple[float, float]]:
    return list(zip([-1.0, *bounds], [*bounds, 1e12], strict=True))


def _where(question: Question) -> tuple[str, list[object]]:
    conditions: list[str] = []
    values: list[object] = []
    for each in fields(question):
        value = getattr(question, each.name)
        if value is None:
            continue
        conditions.append(_CONDITIONS.get(each.name, f"{each.name} = ?"))
        values += [value] * conditions[-1].count("?")
    return f"WHERE {' AND '.join(conditions)}" if conditions else "", values


_CONDITIONS = {
    "since": "time >= ?",
    "until": "time < ?",
    "run": "call.run = ?",
    "model": "(model = ? OR requested_model = ?)",
    "file": "(run.file = ? OR substr(run.file, -length(?) - 1) = '/' || ?)",
}


def _totals(by: Sequence[str], row: Sequence[Any]) -> Totals:
    key = dict(zip(by, map(str, row), strict=False))
    values = dict(zip(_SUM_NAMES, row[len(by) :], strict=False))
    values["cost"] = _micro(values["cost"] or 0)
    values |= {name: values[name] or 0 for name in ("longest_wait", "first", "last")}
    values |= {name: int(values[name]) for name in _COUNTED}
    counts = row[len(by) + len(_SUM_NAMES) :]
    tokens = Tokens(**{name: count or 0 for name, count in zip(_TOKENS, counts, strict=True)})
    return Totals(key, tokens=tokens, **values)


def _call(row: Sequence[Any]) -> CallRow:
    values = dict(zip(_ROW_NAMES, row, strict=False))
    counts = row[len(_ROW_NAMES) :]
    values["tokens"] = None if counts[0] is None else Tokens(**dict(zip(_TOKENS, counts, strict=True)))
    values["cost"] = None if values["cost"] is None else _micro(values["cost"])
    parts = json.loads(values["parts"] or "[]")
    values["parts"] = tuple((name, count, Decimal(rate)) for name, count, rate in parts)
    return CallRow(**values)


def _micro(stored: int) -> Decimal:
    return Decimal(stored) / PICO
