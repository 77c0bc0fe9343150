"""Progress of both runs: a live table on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

__all__ = ["Progress", "Snapshot"]

_LINE_EVERY = 5.0
"""Seconds between lines."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a run at one time.

    Attributes:
        title: Title of the run.
        served: Requests answered with 200 so far.
        refused: Requests answered with 429 so far.
        waiting: Calls waiting in the limiter; None without the limiter.
        elapsed: Seconds since ``massgen`` was started.
        state: ``starting``, ``running`` or ``finished``.
    """

    title: str
    served: int
    refused: int
    waiting: int | None
    elapsed: float
    state: str

    def __str__(self) -> str:
        waits = "" if self.waiting is None else f", {self.waiting} waiting"
        return f"{self.title}: {self.served} served, {self.refused} refused{waits} ({self.state})"


class Progress:
    """Shows snapshots on a console, within its ``with`` block."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._next_line = 0.0

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, snapshots: Sequence[Snapshot]) -> None:
        """Show the progress of the runs."""
        if self._live:
            self._live.update(_table(snapshots), refresh=True)
            return
        elapsed = max(snapshot.elapsed for snapshot in snapshots)
        if elapsed >= self._next_line:
            self._next_line = elapsed + _LINE_EVERY
            runs = " | ".join(map(str, snapshots))
            self._console.print(f"{elapsed:4.0f} s  {runs}", soft_wrap=True, highlight=False)


def _table(snapshots: Sequence[Snapshot]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("run")
    for heading in ("served", "refused", "waiting", "elapsed"):
        table.add_column(heading, justify="right", min_width=8)
    table.add_column("")
    for snapshot in snapshots:
        table.add_row(
            snapshot.title,
            str(snapshot.served),
            f"[red]{snapshot.refused}[/]" if snapshot.refused else "0",
            "-" if snapshot.waiting is None else str(snapshot.waiting),
            f"{snapshot.elapsed:.0f} s",
            snapshot.state,
        )
    return table
