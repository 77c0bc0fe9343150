"""``watch`` on a terminal: the same texts as ``status``, laid out for live updates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from massgen_plugins.cli.line import state_of, words_of
from massgen_plugins.cli.looking import Looked
from massgen_plugins.cli.screen import Line, Screen, Span, cells, wrapped
from massgen_plugins.cli.status_plans import plan_lines, plans_of
from massgen_plugins.cli.status_queue import waiter_lines
from massgen_plugins.cli.status_view import pool_lines
from massgen_plugins.cli.wording import clock, plural
from massgen_plugins.live.presence import Counters
from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["Totals", "watch_lines"]

_NARROW = 60
_COLOURS = {"waiting": "cyan", "paused": "yellow", "spent": "red", "free": ""}


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all watched processes, including those that have ended.

    ``cost`` is formatted; "" if unknown.
    """

    calls: int = 0
    refused: int = 0
    turned_away: int = 0
    waited: float = 0.0
    cost: str = ""

    @classmethod
    def of(cls, counted: Sequence[Counters]) -> Totals:
        """Add up counters."""
        return cls(
            sum(each.calls for each in counted),
            sum(each.refused for each in counted),
            sum(each.turned_away for each in counted),
            sum(each.waited for each in counted),
        )


def watch_lines(looked: Looked, totals: Totals, screen: Screen, *, compact: bool = False) -> list[Line]:
    """The whole display.

    Args:
        looked: The current state.
        totals: The sums.
        screen: The screen; below 60 columns the display is compact.
        compact: Use two lines per pool.
    """
    lines: list[Line] = [*_header(looked, screen), ()]
    for view in looked.pools:
        if compact or screen.width < _NARROW:
            lines += _compact(view, looked, screen)
        else:
            lines += [*pool_lines(view, looked, screen), ()]
    for plan in plans_of(looked):
        lines += [*plan_lines(plan, looked.now, screen), ()]
    if not looked.pools:
        lines += [*wrapped("No call has been limited yet.", screen.width), ()]
    return [*lines, *_totals(totals, screen)]


def _header(looked: Looked, screen: Screen) -> Iterator[Line]:
    time = f"{datetime.fromtimestamp(looked.now).astimezone():%H:%M:%S}"
    seen = f"{plural(len(looked.presences), 'run')} · {plural(len(looked.pools), 'pool')} · {time}"
    gap = screen.width - len("massgen-rl watch") - cells(seen)
    if gap >= 2:
        yield Span("massgen-rl watch", "bold"), Span(" " * gap), Span(seen, "dim")
    else:
        yield from wrapped(seen, screen.width, 0, "bold")


def _compact(view: PoolView, looked: Looked, screen: Screen) -> Iterator[Line]:
    state = state_of(view, looked)
    yield from wrapped(words_of(view, looked), screen.width, 0, _COLOURS[state])
    pause = looked.steering.pause_of(view.pool.name)
    yield from waiter_lines(looked.waiting_in(view.pool), looked.now, screen, most=6, pause=pause)


def _totals(totals: Totals, screen: Screen) -> Iterator[Line]:
    away = f" · {totals.turned_away} turned away" if totals.turned_away else ""
    cost = f" · {totals.cost}" if totals.cost else ""
    waited = f"{clock(totals.waited)} waited"
    words = f"{plural(totals.calls, 'call')} · {totals.refused} refused{away} · {waited}{cost}"
    yield from wrapped(words, screen.width)
