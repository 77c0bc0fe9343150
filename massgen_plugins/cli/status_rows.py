"""Displays the limits of a pool: one line each, or several if the terminal is too narrow for the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from massgen_plugins.cli.screen import Line, Screen, Span, cells, wrapped
from massgen_plugins.cli.wording import amount, at, clock, counted
from massgen_plugins.quota import NANOSECONDS, CalendarDay, CalendarMonth, Held, Limit, PoolRules
from massgen_plugins.rate_limit.moment import NEVER
from massgen_plugins.rate_limit.verdict import LimitView
from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["limit_lines", "other_amount"]

_WIDE = 100
_LEAST_ROOM = 26
_INDENT = 2


@dataclass(frozen=True, slots=True)
class _Row:
    """The texts of a limit."""

    label: str
    part: float
    use: str
    when: str
    other: str


def limit_lines(view: PoolView, stated: PoolRules | None, now: float, screen: Screen) -> Iterator[Line]:
    """All limits in force with their use.

    Args:
        view: The pool.
        stated: Its rules in the settings of this directory; None if there are none.
        now: Seconds since the epoch.
        screen: The screen.
    """
    rows = [_row(row, view, stated, now) for row in view.limits]
    if not rows:
        words = "no limit is known: the first answer or refusal tells it"
        yield from wrapped(words, screen.width, _INDENT, "dim")
    length = 24 if screen.width >= _WIDE else 5
    label = max((cells(row.label) for row in rows), default=0)
    use = max((cells(row.use) for row in rows), default=0)
    room = _INDENT + label + 2 + length + 2 + use + 2
    for row in rows:
        if screen.width - room >= _LEAST_ROOM:
            first = f"  {row.label}{' ' * (label - cells(row.label))}  "
            second = f"  {' ' * (use - cells(row.use))}{row.use}  "
            yield from _beside((Span(first), *screen.bar(row.part, length), Span(second)), row, room, screen)
        else:
            yield from _above(row, label, use, screen)
            bar = screen.bar(row.part, length)
            yield from _beside((Span("  "), *bar, Span(" ")), row, _INDENT + length + 1, screen)


def _above(row: _Row, label: int, use: int, screen: Screen) -> Iterator[Line]:
    """Name and use, on one line if it fits."""
    if _INDENT + label + 2 + use <= screen.width:
        yield (Span(f"  {row.label}{' ' * (label - cells(row.label) + 2 + use - cells(row.use))}{row.use}"),)
    else:
        yield from wrapped(row.label, screen.width, _INDENT)
        yield from wrapped(row.use, screen.width, 2 * _INDENT)


def _beside(before: Line, row: _Row, room: int, screen: Screen) -> Iterator[Line]:
    """Append when it is available, to the same line if it fits."""
    first, *more = wrapped(row.when, screen.width, room)
    shown: list[list[Span]] = [[*before, Span(first[0].words.strip())], *map(list, more)]
    if cells(row.when) + 2 + cells(row.other) <= screen.width - room:
        shown[-1].append(Span(f"  {row.other}", "dim"))
    yield from shown
    if shown[-1][-1].style != "dim":
        yield from wrapped(row.other, screen.width, room, "dim")


def _row(row: LimitView, view: PoolView, stated: PoolRules | None, now: float) -> _Row:
    use = f"{amount(row.limit, row.used)} / {amount(row.limit, row.cap)}"
    part = min(1.0, row.used / row.cap) if row.cap else 1.0
    return _Row(counted(row.limit), part, use, _when(row, now), _other(row.limit, row.used, view, stated))


def _when(row: LimitView, now: float) -> str:
    seconds, window = max(0, row.resets) / NANOSECONDS, row.limit.window
    if not row.cap:
        return "never free"
    if isinstance(window, CalendarDay | CalendarMonth):
        left = amount(row.limit, max(0, row.cap - row.used))
        moment, _, span = at(now, seconds, window).rpartition(" (")
        return f"{_kept(f'{left} left,')} {_kept(f'resets {moment}')} {_kept(f'({span}')}"
    if isinstance(window, Held):
        return f"{amount(row.limit, row.used)} under way" if row.used else "free"
    if 0 < row.next_slot < NEVER:
        slot = clock(row.next_slot / NANOSECONDS)
        return f"{_kept(f'next slot {slot},')} {_kept(f'all free {clock(seconds)}')}"
    return _kept(f"all free {clock(seconds)}") if row.used else "free"


def _kept(words: str) -> str:
    """Keep text on one line with no-break spaces."""
    return words.replace(" ", "\N{NO-BREAK SPACE}")


def _other(limit: Limit, used: int, view: PoolView, stated: PoolRules | None) -> str:
    where, number = other_amount(limit, view, stated)
    said = "no limit" if number is None else amount(limit, number)
    if number is not None and used >= number:
        said = f"{said}, used up"
    return {"": "", "settings": f"(the run's own; the settings here say {said})"}.get(
        where, f"(now; in the last run {said})"
    )


def other_amount(limit: Limit, view: PoolView, stated: PoolRules | None) -> tuple[str, int | None]:
    """A source with a different amount than the limit in force, and that amount; "" and None without one.

    ``settings``: a run is active under its own limits. ``last_run``: the settings have changed since.
    """
    held = _amount_in(view.rules, limit)
    if stated is not None and (here := _amount_in(stated, limit)) != held:
        return "settings", here
    before = _amount_in(view.declared, limit)
    return ("last_run", before) if before != held else ("", None)


def _amount_in(rules: PoolRules, limit: Limit) -> int | None:
    return next((each.amount for each in rules.limits if each.key == limit.key), None)
