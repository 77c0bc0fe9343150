"""Budgets as tables and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from massgen_plugins.budget.messages import dollars
from massgen_plugins.budget.terms import Terms
from massgen_plugins.budget.viewing import BudgetRow, budget_rows
from massgen_plugins.cli.output import console, plain_table, say, text
from massgen_plugins.cli.places import current_places
from massgen_plugins.cli.screen import fit
from massgen_plugins.cli.store_choice import view_of
from massgen_plugins.rate_limit.messages import describe_span

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

__all__ = ["document", "each_run", "line", "rows_of", "show"]

_LATEST = 3
_NARROW = 60
_LONGEST = 40
"""Maximum width of a name."""


def rows_of(place: Path | str, now: float, report: Callable[[str], None]) -> list[BudgetRow]:
    """All budgets in the settings and the store."""
    from massgen_plugins.profiles.loading import read_settings

    terms = Terms(read_settings(current_places()).to_mapping())
    view = view_of(place, budgets=True)
    for fault in view.faults:
        report(f"massgen-rl: {fault}")
    return budget_rows(view, terms, now)


def document(rows: Iterable[BudgetRow]) -> dict[str, Any]:
    """The JSON document; amounts in US dollars, times in seconds since the epoch."""
    return {
        "budgets": [
            {
                "name": row.name,
                "run": row.run or None,
                "amount": None if row.amount is None else row.amount / 1e6,
                "spent": row.spent / 1e6,
                "reserved": row.reserved / 1e6,
                "is_spent": row.is_spent,
                "resets_at": row.resets,
            }
            for row in rows
        ]
    }


def each_run() -> str:
    """A sentence about the budget of a new run by the current settings; empty if there is none."""
    from massgen_plugins.profiles.loading import read_settings

    budget = read_settings(current_places()).budget
    if budget is None:
        return ""
    amounts = [] if budget.run is None else [f"{budget.run:,.2f} US dollars"]
    amounts += [f"agent {name} {each:,.2f}" for name, each in budget.agents.items() if each is not None]
    return f"Each run may cost: {', '.join(amounts)}." if amounts else ""


def show(rows: Sequence[BudgetRow], now: float, *, everything: bool) -> None:
    """Print the shared budgets, then runs with their agents."""
    page = console()
    _print(page, [row for row in rows if not row.run], now)
    runs = list(dict.fromkeys(row.run for row in rows if row.run))
    for run in runs if everything else runs[:_LATEST]:
        page.print()
        page.print(text(f"run {fit(run, _LONGEST)}", "bold"))
        _print(page, [row for row in rows if row.run == run], now)
    if len(runs) > _LATEST and not everything:
        say(f"\n{len(runs) - _LATEST} earlier runs: `massgen-rl budget show --all`.")


def line(row: BudgetRow, now: float) -> str:
    """A budget in one line, for scripts."""
    of = f" of run {row.run}" if row.run else ""
    amount = "" if row.amount is None else f" of {dollars(row.amount)}"
    used = dollars(row.spent + row.reserved)
    return f"{row.name}{of}: {used}{amount} US dollars, {', '.join(_parts(row, now))}"


def _print(page: Console, rows: Sequence[BudgetRow], now: float) -> None:
    if page.width < _NARROW:
        for row in rows:
            page.print(text(fit(row.name, _LONGEST), "red" if row.is_spent else ""))
            page.print(text(f"  {_figures(row)}"))
            for part in _parts(row, now):
                page.print(text(f"  {part}"))
        return
    table = plain_table("Budget", "Spent", "Of", "")
    for column in table.columns[1:3]:
        column.justify = "right"
        column.no_wrap = True
    for row in rows:
        amount = "-" if row.amount is None else dollars(row.amount)
        cells = (fit(row.name, _LONGEST), dollars(row.spent), amount, ", ".join(_parts(row, now)))
        table.add_row(*(text(cell, "red" if row.is_spent else "") for cell in cells))
    page.print(table)


def _figures(row: BudgetRow) -> str:
    amount = "" if row.amount is None else f" of {dollars(row.amount)}"
    return f"{dollars(row.spent)}{amount} US dollars"


def _parts(row: BudgetRow, now: float) -> list[str]:
    """The remaining amount, and when the budget resets."""
    parts = []
    if row.amount is not None:
        left = max(0, row.amount - row.spent - row.reserved)
        parts.append(f"{dollars(left)} left" if left else "spent")
    if row.reserved:
        parts.append(f"{dollars(row.reserved)} reserved")
    if row.resets is not None and row.amount is not None:
        moment = datetime.fromtimestamp(row.resets).astimezone()
        parts.append(f"until {moment:%H:%M on %d %b} ({describe_span(row.resets - now)})")
    return parts
