"""The figures for people: one table, one row for each thing that was measured, ours first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.table import Table

from tests.benchmarks.figures import Figure

__all__ = ["render"]

_VERDICTS = {True: "[green]pass[/]", False: "[bold red]miss[/]", None: ""}


def render(figures: Sequence[Figure], title: str) -> Table:
    """A row for each measure: the goal, our figure, whether it is reached, and what the others take."""
    table = Table(title=title, title_justify="left", show_lines=True)
    for heading in ("measure", "in", "goal"):
        table.add_column(heading)
    table.add_column("ours", justify="right")
    table.add_column("")
    table.add_column("the others", overflow="fold")
    for what, rows in _by_measure(figures):
        mine = [each for each in rows if each.goal is not None or each.subject in {"massgen-plugins", "ours"}]
        for figure in mine:
            name = what if len(mine) == 1 else f"{what} ({figure.subject})"
            others = _others(rows, mine) if figure is mine[0] else ""
            value, verdict = number(figure.value), _VERDICTS[figure.passed]
            table.add_row(name, figure.unit, _goal(figure), value, verdict, others)
        if not mine:
            table.add_row(what, rows[0].unit, "", "", "", _others(rows, mine))
    return table


def number(value: float) -> str:
    """Three significant digits, and thousands with commas."""
    if value and abs(value) < 0.01:
        return f"{value:.4f}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _by_measure(figures: Sequence[Figure]) -> list[tuple[str, list[Figure]]]:
    ordered = sorted(figures, key=lambda each: _first_place(figures, each.measure))
    return [(what, list(rows)) for what, rows in groupby(ordered, key=lambda each: each.measure)]


def _first_place(figures: Sequence[Figure], measure: str) -> int:
    return next(place for place, each in enumerate(figures) if each.measure == measure)


def _others(rows: Sequence[Figure], mine: Sequence[Figure]) -> str:
    return ", ".join(f"{each.subject} {_with_note(each)}" for each in rows if each not in mine)


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    return f"{'>=' if figure.at_least else '<='} {number(figure.goal)}"


def _with_note(figure: Figure) -> str:
    return f"{number(figure.value)} (starved)" if figure.note == "starved" else number(figure.value)
