"""Displays ``history``, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from massgen_plugins.cli.history_pace import DayPace
from massgen_plugins.cli.money import cost_of
from massgen_plugins.cli.screen import Line, Screen, Span, aligned, cells, fit, wrapped
from massgen_plugins.cli.wording import at, clock, plural, short_number

if TYPE_CHECKING:
    from massgen_plugins.calls.rows import Totals
    from massgen_plugins.cli.history import History

__all__ = ["document", "lines_of"]

_HEADINGS = ("runs", "calls", "refused", "turned away", "waited", "tokens in", "out", "US dollars", "")
_AWAY = 4
"""Column of calls that were turned away; hidden if there are none."""
_LONGEST_NAME = 40
_LEVELS = "▁▂▃▄▅▆▇█"
_PLAIN_LEVELS = "._-=+*%#"


def lines_of(history: History, screen: Screen, now: float) -> Iterator[Line]:
    """A line per group, the sum, and how long daily quotas will last."""
    rows = [[Span(history.by, "bold"), *(Span(each, "bold") for each in _HEADINGS)]]
    for group, shape in zip(history.groups, history.shapes, strict=True):
        name = fit(group.key[history.by] or "-", _LONGEST_NAME)
        rows.append([Span(name), *_cells(group), Span(_spark(shape, screen), "cyan")])
    if history.total is not None and len(history.groups) > 1:
        rows.append([Span("all", "bold"), *_cells(history.total), Span("")])
    away = history.total is not None and history.total.turned_away
    table = rows if away else [[*row[:_AWAY], *row[_AWAY + 1 :]] for row in rows]
    lines = aligned(table, right=range(1, len(table[0]) - 1))
    if max(sum(cells(span.words) for span in line) for line in lines) <= screen.width:
        yield from lines
    else:
        for row in rows[1:]:
            yield from _stacked(row, screen)
    if history.total is not None and history.total.unknown:
        words = f"?: the price of {plural(history.total.unknown, 'call')} is not known"
        yield from wrapped(words, screen.width, 0, "dim")
    yield from _paces(history.paces, screen, now)


def _cells(group: Totals) -> Iterator[Span]:
    yield Span(str(group.runs))
    yield Span(f"{group.calls:,}")
    for count in (group.refused, group.turned_away):
        yield Span(f"{count:,}", "yellow" if count else "")
    yield Span(clock(group.waited))
    yield Span(short_number(group.tokens.input))
    yield Span(short_number(group.tokens.output))
    yield Span(cost_of(group))


def _stacked(row: Sequence[Span], screen: Screen) -> Iterator[Line]:
    name, runs, calls, refused, away, waited, tokens_in, out, cost, spark = row
    if cells(name.words) + 2 + cells(spark.words) <= screen.width:
        yield name, Span("  "), spark
    else:
        yield from wrapped(name.words, screen.width, 0, name.style)
    count = plural(int(calls.words.replace(",", "")), "call")
    words = (
        f"{plural(int(runs.words), 'run')}, {count}, {refused.words} refused, "
        f"{away.words} turned away, waited {waited.words}, {tokens_in.words} tokens in, {out.words} out, "
        f"{cost.words} US dollars"
    )
    yield from wrapped(words, screen.width, 2)


def _spark(shape: Sequence[int], screen: Screen) -> str:
    levels = _PLAIN_LEVELS if screen.ascii_only else _LEVELS
    most = max(shape, default=0)
    return "".join(levels[-(-each * 7 // most)] if each else " " for each in shape) if most else ""


def _paces(paces: Sequence[DayPace], screen: Screen, now: float) -> Iterator[Line]:
    for pace in paces:
        head = f"{pace.pool.name}: {pace.used:,} of {pace.cap:,} requests per {pace.limit.window}"
        yield from wrapped(f"{head}, resets {at(now, pace.resets)}; {_lasts(pace, now)}", screen.width, 0)


def _lasts(pace: DayPace, now: float) -> str:
    if pace.lasts == 0:
        return "used up"
    if not pace.hourly:
        return "no call in the last hour"
    hourly = f"at the last hour's pace of {plural(pace.hourly, 'call')}"
    if pace.lasts is None:
        return f"{hourly} it lasts until then"
    return f"{hourly} it lasts until {at(now, pace.lasts)}"


def document(history: History, since: str) -> dict[str, Any]:
    """The JSON document. Keys are stable: later versions only add keys."""
    return {
        "by": history.by,
        "since": since,
        "groups": [_group(each) for each in history.groups],
        "total": _group(history.total) if history.total else None,
        "days": [_day(each) for each in history.paces],
    }


def _group(group: Totals) -> dict[str, Any]:
    return {
        **group.key,
        "runs": group.runs,
        "calls": group.calls,
        "answered": group.answered,
        "refused": group.refused,
        "failed": group.failed,
        "turned_away": group.turned_away,
        "waited": round(group.waited, 3),
        "longest_wait": round(group.longest_wait, 3),
        "seconds": round(group.seconds, 3),
        "tokens": asdict(group.tokens),
        "cost_usd": float(group.cost) / 1e6,
        "cost_unknown_calls": group.unknown,
        "first": datetime.fromtimestamp(group.first, UTC).isoformat(timespec="seconds"),
        "last": datetime.fromtimestamp(group.last, UTC).isoformat(timespec="seconds"),
    }


def _day(pace: DayPace) -> dict[str, Any]:
    return {
        "pool": str(pace.pool),
        "limit": pace.limit.key,
        "used": pace.used,
        "cap": pace.cap,
        "resets_in": round(pace.resets, 3),
        "calls_last_hour": pace.hourly,
        "used_up_in": None if pace.lasts is None else round(pace.lasts, 3),
    }
