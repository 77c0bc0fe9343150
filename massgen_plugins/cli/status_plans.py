"""The use of plans, for `status` and `watch`, as last reported by their providers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from massgen_plugins.cli.looking import Looked
from massgen_plugins.cli.screen import Line, Screen, Span, cells, wrapped
from massgen_plugins.cli.wording import at
from massgen_plugins.live.plans import PlanNote
from massgen_plugins.rate_limit.messages import describe_span

__all__ = ["plan_lines", "plans_of"]

_LEAST_ROOM = 26
_USED = len("100% used")
_BAR = {True: 24, False: 5}
_WIDE = 100


def plans_of(looked: Looked) -> list[list[PlanNote]]:
    """The windows of each plan."""
    return [list(notes) for _, notes in groupby(looked.plans, lambda each: each.program)]


def plan_lines(notes: list[PlanNote], now: float, screen: Screen) -> Iterator[Line]:
    """A plan with its windows."""
    yield from wrapped(f"plan of the {notes[0].program} agents", screen.width, 0, "bold")
    label = max(cells(each.window) for each in notes)
    length = _BAR[screen.width >= _WIDE]
    for note in notes:
        used = f"{note.used:.0%} used"
        bar = screen.bar(min(1.0, note.used), length)
        room = 2 + label + 2 + length + 2 + _USED + 2
        if screen.width - room >= _LEAST_ROOM:
            first, *more = wrapped(_when(note, now), screen.width, room)
            yield (
                Span(f"  {note.window:{label}}  "),
                *bar,
                Span(f"  {used:>{_USED}}  {first[0].words.strip()}"),
            )
            yield from more
        else:
            yield from wrapped(note.window, screen.width, 2)
            yield Span("  "), *bar, Span(f" {used}")
            yield from wrapped(_when(note, now), screen.width, 4, "dim")


def _when(note: PlanNote, now: float) -> str:
    told = describe_span(max(1.0, now - note.seen))
    end = f"new {at(now, note.resets_at - now)}, " if note.resets_at else ""
    return f"{end}said {told} ago"
