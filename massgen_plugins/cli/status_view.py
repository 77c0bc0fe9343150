"""``status`` for people: a bar for each limit, and a line for all that is not as usual."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from massgen_plugins.cli.output import console, plain_table, text
from massgen_plugins.cli.penalties import PenaltiesView, penalties_of
from massgen_plugins.quota import ACCOUNT_POOL, NANOSECONDS, CalendarDay, CalendarMonth, Held, Kind, Limit
from massgen_plugins.rate_limit.messages import describe_span
from massgen_plugins.rate_limit.verdict import LimitView
from massgen_plugins.rate_limit.viewing import PoolView

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

__all__ = ["show"]

_WIDE = 100
_DOLLAR = 1_000_000
_SOON = 86_400


def show(pools: Sequence[PoolView], now: float) -> None:
    """Print every pool; ``now`` is in seconds since the epoch."""
    from rich.padding import Padding

    page = console()
    for number, view in enumerate(pools):
        if number:
            page.print()
        page.print(text(view.pool, "bold") + text(f"  ({_origin(view)})", "dim"))
        page.print(_bars(page, view, now))
        for note, style in _notes(view, now):
            page.print(Padding(text(note, style), (0, 0, 0, 2)))


def _origin(view: PoolView) -> str:
    whole = "all models of the account, " if view.pool.name == ACCOUNT_POOL else ""
    return f"{whole}profile {view.rules.profile or 'none'}"


def _bars(page: Console, view: PoolView, now: float) -> Table:
    table = plain_table("", "", "", "")
    table.show_header = False
    table.columns[0].no_wrap = table.columns[2].no_wrap = True
    table.columns[2].justify = "right"
    length = 24 if page.width >= _WIDE else 8
    for row in view.limits:
        amounts = f"{_amount(row.limit, row.used)} / {_amount(row.limit, row.cap)}"
        bar = _bar(row, length, ascii_only=page.options.ascii_only)
        table.add_row(text(f"  {_counted(row.limit)}"), bar, text(amounts), text(_when(row, now)))
    if not view.limits:
        table.add_row(text("  no limit"), text(""), text(""), text(""))
    return table


def _bar(row: LimitView, length: int, *, ascii_only: bool) -> Text:
    part = min(1.0, row.used / row.cap) if row.cap else 1.0
    # Never empty when something is used, never full when something is left.
    filled = min(length, max(1 if row.used else 0, int(part * length)))
    style = "red" if part >= 1 else "yellow" if part >= 0.7 else "green"
    full, empty = ("#", ".") if ascii_only else ("█", "░")
    return text(full * filled, style) + text(empty * (length - filled), "dim")


def _when(row: LimitView, now: float) -> str:
    seconds, window = max(0, row.resets) / NANOSECONDS, row.limit.window
    if isinstance(window, CalendarDay | CalendarMonth):
        left = _amount(row.limit, max(0, row.cap - row.used))
        return f"{left} left, resets {_at(now, seconds, window)}"
    if not row.cap:
        return "never free"
    if isinstance(window, Held):
        return f"{_amount(row.limit, row.used)} under way" if row.used else "free"
    return f"free in {describe_span(seconds)}" if row.used else "free"


def _at(now: float, seconds: float, window: object = None) -> str:
    """A moment in local time, with its day where that is not soon."""
    local = datetime.fromtimestamp(now + seconds).astimezone()
    day = f"{local:%d %B} " if isinstance(window, CalendarMonth) or seconds > _SOON else ""
    return f"{day}{local:%H:%M %Z} (in {describe_span(seconds)})"


def _notes(view: PoolView, now: float) -> Iterable[tuple[str, str]]:
    if view.queue:
        seconds = max(0, view.queue[0].leaves - view.now.tick) / NANOSECONDS
        count = len({waiter.process for waiter in view.queue})
        spread = f" in {count} processes" if count > 1 else ""
        slot = f"in about {describe_span(seconds)}" if seconds >= 1 else "now"
        yield f"{view.waiting} waiting{spread}, next slot {slot}", "cyan"
    yield from _imposed(penalties_of(view), now)
    for key, limit in view.penalties.learned.items():
        declared = next((each for each in view.rules.limits if each.key == key), None)
        if note := _learned(limit, declared):
            yield note, "yellow"


def _imposed(penalties: PenaltiesView, now: float) -> Iterable[tuple[str, str]]:
    if penalties.closed:
        yield f"closed for {describe_span(penalties.closed)}: {penalties.advice}".rstrip(": "), "red"
    if penalties.until:
        what = f"used up: {_stated(penalties.until_limit)}" if penalties.until_limit else "used up"
        yield f"{what}; the provider takes no calls until {_at(now, penalties.until)}", "red"
    if penalties.pause:
        yield f"paused for {describe_span(penalties.pause)}: the provider asked for it", "yellow"
    if penalties.probing:
        yield "careful: one call goes ahead alone, the others follow when it is answered", "yellow"
    if penalties.share < 1:
        yield f"slowed down to {penalties.share:.0%} of each limit, growing back within a minute", "yellow"
    if penalties.quote:
        yield f'the provider says: "{penalties.quote}"', "yellow"


def _learned(stated: Limit, declared: Limit | None) -> str:
    """What the provider has said of a limit; empty if it is what was declared."""
    cure = "(`massgen-rl forget` drops it)"
    if declared is None:
        return f"learned: {_stated(stated)}, which no profile states {cure}"
    if stated.amount < declared.amount:
        return f"learned: {_stated(stated)}, instead of {_amount(declared, declared.amount)} {cure}"
    if stated.amount > declared.amount:
        kept = _amount(declared, declared.amount)
        return f"announced: {_stated(stated)}; the profile's {kept} hold until you choose another"
    return ""


def _stated(limit: Limit) -> str:
    return f"{_amount(limit, limit.amount)} {_counted(limit)}"


def _counted(limit: Limit) -> str:
    kind = "calls" if limit.kind == Kind.CONCURRENT else limit.kind.replace("_", " ")
    return f"{kind} at a time" if isinstance(limit.window, Held) else f"{kind} per {limit.window}"


def _amount(limit: Limit, amount: int) -> str:
    return f"${amount / _DOLLAR:,.2f}" if limit.kind == Kind.COST else f"{amount:,}"
