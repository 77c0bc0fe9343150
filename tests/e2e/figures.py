"""What the runs measured, for the table at the end of the session."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

from massgen_plugins.sandbox import QuotaKind, SandboxReport

__all__ = ["Bound", "note", "rows", "table"]

MINUTE = 60.0
_HEAD = ("run", "calls", "refused", "worst minute", "completed", "bound", "ratio", "remarks")


@dataclass(frozen=True)
class Bound:
    """The time that the quota alone requires for the calls of a run: full minutes, then the last round.

    ``seconds``: from the first call to the end of the last, at best. ``last_round``: of these, the time from
    the arrival of the first call that belongs to the last minute to the end of the last call.
    """

    seconds: float
    last_round: float

    @staticmethod
    def of(report: SandboxReport, rpm: int) -> Bound:
        """The bound for the calls that the server counted, under a profile of so many requests per minute."""
        calls = sorted(report.requests, key=lambda record: record.arrived_ns)
        waits = math.ceil(len(calls) / rpm) - 1
        first_of_last_round = calls[waits * rpm]
        end = max(record.arrived + record.latency for record in calls)
        last_round = end - first_of_last_round.arrived
        return Bound(waits * MINUTE + last_round, last_round)


@dataclass(frozen=True)
class _Row:
    run: str
    calls: str
    refused: str
    worst: str
    completed: str
    bound: str
    ratio: str
    remarks: str


rows: list[_Row] = []


def note(
    run: str,
    report: SandboxReport,
    completed: float | None = None,
    bound: Bound | None = None,
    remarks: str = "",
) -> None:
    """Put a run into the table."""
    rows.append(
        _Row(
            run,
            str(report.arrived),
            str(report.refused),
            _worst(report),
            "" if completed is None else f"{completed:.1f} s",
            "" if bound is None else f"{bound.seconds:.1f} s",
            "" if bound is None or completed is None else f"{completed / bound.seconds:.3f}",
            remarks,
        )
    )


def table() -> list[str]:
    """The lines of the table."""
    cells = [_HEAD, *(astuple(row) for row in sorted(rows, key=lambda row: row.run))]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    return [line.rstrip() for line in lines]


def _worst(report: SandboxReport) -> str:
    try:
        return f"{report.worst_window(QuotaKind.REQUESTS, MINUTE):.2f}"
    except ValueError:
        return ""
