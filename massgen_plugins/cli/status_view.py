"""``status`` for people: a bar for each limit, and a line for all that is not as usual."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from massgen_plugins.cli.output import console, plain_table, text
from massgen_plugins.cli.penalties import penalties_of
from massgen_plugins.quota import NANOSECONDS, CalendarDay, Kind, Limit
from massgen_plugins.rate_limit.decision import Usage
from massgen_plugins.rate_limit.messages import describe_span
from massgen_plugins.rate_limit.stores.base import ScopeView

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

__all__ = ["show"]

_WIDE = 100
_DOLLAR = 1_000_000


def show(scopes: Sequence[ScopeView], now: float) -> None:
    """Print every scope; ``now`` is in seconds since the epoch."""
    from rich.padding import Padding

    page = console()
    for number, view in enumerate(scopes):
        if number:
            page.print()
        page.print(text(view.scope, "bold") + text(f"  (profile {view.rules.profile or 'none'})", "dim"))
        page.print(_bars(page, view, now))
        for note, style in _notes(view, now):
            page.print(Padding(text(note, style), (0, 0, 0, 2)))


def _bars(page: Console, view: ScopeView, now: float) -> Table:
    table = plain_table("", "", "", "")
    table.show_header = False
    table.columns[0].no_wrap = table.columns[2].no_wrap = True
    table.columns[2].justify = "right"
    length = 24 if page.width >= _WIDE else 8
    for usage in view.usage:
        amounts = f"{_amount(usage.limit, usage.used)} / {_amount(usage.limit, usage.cap)}"
        name = f"  {usage.limit.kind.replace('_', ' ')} per {usage.limit.window}"
        bar = _bar(usage, length, ascii_only=page.options.ascii_only)
        table.add_row(text(name), bar, text(amounts), text(_when(usage, now)))
    if not view.usage:
        table.add_row(text("  no limit"), text(""), text(""), text(""))
    return table


def _bar(usage: Usage, length: int, *, ascii_only: bool) -> Text:
    part = min(1.0, usage.used / usage.cap) if usage.cap else 1.0
    # Never empty when something is used, never full when something is left.
    filled = min(length, max(1 if usage.used else 0, int(part * length)))
    style = "red" if part >= 1 else "yellow" if part >= 0.7 else "green"
    full, empty = ("#", ".") if ascii_only else ("█", "░")
    return text(full * filled, style) + text(empty * (length - filled), "dim")


def _when(usage: Usage, now: float) -> str:
    seconds = max(0, usage.resets) / NANOSECONDS
    if isinstance(usage.limit.window, CalendarDay):
        left = _amount(usage.limit, max(0, usage.cap - usage.used))
        local = datetime.fromtimestamp(now + seconds).astimezone()
        return f"{left} left, resets {local:%H:%M %Z} (in {describe_span(seconds)})"
    if not usage.cap:
        return "never free"
    return f"free in {describe_span(seconds)}" if usage.used else "free"


def _notes(view: ScopeView, now: float) -> Iterable[tuple[str, str]]:
    penalties = penalties_of(view, now)
    if view.in_flight or view.waiting:
        yield f"{view.in_flight} in flight, {view.waiting} waiting", "cyan"
    if penalties.closed:
        yield f"closed for {describe_span(penalties.closed)}: {penalties.advice}", "red"
    if penalties.day_spent:
        yield "day used up: the provider refuses calls until its day ends", "red"
    if penalties.pause:
        yield f"paused for {describe_span(penalties.pause)}: the provider asked for it", "yellow"
    if penalties.probing:
        yield "careful: one call goes ahead alone, the others follow when it is answered", "yellow"
    if penalties.share < 1:
        yield f"slowed down to {penalties.share:.0%} of each limit, growing back within a minute", "yellow"
    for key, limit in view.lessons.learned.items():
        declared = next((each for each in view.rules.limits if each.key == key), None)
        instead = (
            f"instead of {_amount(declared, declared.amount)}" if declared else "which no profile states"
        )
        yield f"learned: {_stated(limit)}, {instead} (`massgen-rl forget` drops it)", "yellow"


def _stated(limit: Limit) -> str:
    return f"{_amount(limit, limit.amount)} {limit.kind.replace('_', ' ')} per {limit.window}"


def _amount(limit: Limit, amount: int) -> str:
    return f"${amount / _DOLLAR:,.2f}" if limit.kind is Kind.COST else f"{amount:,}"
