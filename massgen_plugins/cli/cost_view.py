"""Displays ``cost``: a table if it fits, else a few lines per row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from massgen_plugins.calls.rows import Totals
from massgen_plugins.cli.cost_sums import Group, Sums
from massgen_plugins.cli.money import DOLLAR, cost_of, dollars
from massgen_plugins.cli.output import console, plain_table, text
from massgen_plugins.cli.screen import fit
from massgen_plugins.cli.wording import clock, plural, short_number

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["missing", "show"]

_WIDE, _NARROW = 100, 60
_LONGEST = 32
"""Maximum width of a name."""


class _Column(NamedTuple):
    """A column; ``wide``: shown only if there is room."""

    heading: str
    cell: Callable[[Group], str]
    wide: bool = False
    left: bool = False


def _team(group: Group) -> str:
    return PurePath(group.run.file).name if group.run is not None else ""


_SUMS = (
    _Column("calls", lambda each: f"{each.totals.calls:,}"),
    _Column("refused", lambda each: f"{each.totals.refused:,}", wide=True),
    _Column("waited", lambda each: clock(each.totals.waited), wide=True),
    _Column("in", lambda each: short_number(each.totals.tokens.input)),
    _Column("cached", lambda each: short_number(each.totals.tokens.cached), wide=True),
    _Column("out", lambda each: short_number(each.totals.tokens.output)),
    _Column("US dollars", lambda each: cost_of(each.totals)),
)
_RUN = (_Column("team", _team, left=True),)
_OWN = _Column("MassGen", lambda each: f"{each.difference.theirs:,.4f}" if each.difference else "")


def show(sums: Sums) -> None:
    """Print the sums, the total, and notes."""
    page = console()
    total = Group("total", sums.total)
    if page.width < _NARROW:
        _stacked(page, sums, total)
    else:
        _table(page, sums, total)
    for note in _notes(sums):
        page.print()
        page.print(text(note))


def _table(page: Console, sums: Sums, total: Group) -> None:
    told = any(each.difference for each in sums.groups)
    columns = [*(_RUN if sums.by == "run" else ()), *_SUMS, *((_OWN,) if told else ())]
    chosen = [each for each in columns if page.width >= _WIDE or not each.wide]
    table = plain_table(sums.by, *(each.heading for each in chosen))
    for column, each in zip(table.columns[1:], chosen, strict=True):
        column.justify = "left" if each.left else "right"
        column.no_wrap = not each.left
    for group in sums.groups:
        table.add_row(text(_name(group, sums.by)), *(text(each.cell(group)) for each in chosen))
    cells = (text("" if each in _RUN else each.cell(total), "bold") for each in chosen)
    table.add_row(text("total", "bold"), *cells)
    page.print(table)


def _stacked(page: Console, sums: Sums, total: Group) -> None:
    for group in (*sums.groups, total):
        totals = group.totals
        page.print(text(_name(group, sums.by), "bold"))
        if group.run is not None:
            page.print(text(f"  {_team(group)}"))
        page.print(text(f"  {plural(totals.calls, 'call')}, {_tokens(totals)}"))
        own = f", MassGen says {group.difference.theirs:,.4f}" if group.difference else ""
        page.print(text(f"  {cost_of(totals)} US dollars{own}"))


def _tokens(totals: Totals) -> str:
    return f"{short_number(totals.tokens.input)} in, {short_number(totals.tokens.output)} out"


def _notes(sums: Sums) -> Iterator[str]:
    if sums.left_out:
        yield f"{sums.left_out:,} more are in the total but not in the list; --most shows them."
    for group in sums.groups:
        told = group.difference
        if told is not None and told.reason:
            amount = dollars(abs(Decimal(str(told.more))) * DOLLAR)
            which = "more" if told.more > 0 else "less"
            yield f"{group.name}: MassGen says {amount} {which}. {told.reason}."
    yield from missing(sums)


def missing(sums: Sums) -> Iterator[str]:
    """Notes about calls that are missing from the sums, since their cost is unknown."""
    if sums.unpriced:
        models = ", ".join(f"{name}: {plural(count, 'call')}" for name, count in sums.unpriced.items())
        yield (
            f"Not in the sum, since there is no known price for {models}. Add it to your profile, under "
            "prices."
        )
    if sums.total.unsaid:
        yield (
            f"Not in the sum: {plural(sums.total.unsaid, 'call')} whose answers reported no usage, for "
            "example because they were cut short."
        )


def _name(group: Group, by: str) -> str:
    return fit(group.name, _LONGEST) or f"no {by}"
