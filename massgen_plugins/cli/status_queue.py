"""Displays the calls waiting for a pool."""

from __future__ import annotations

from collections.abc import Iterator

from massgen_plugins.cli.looking import Looked
from massgen_plugins.cli.screen import Line, Screen, Span, cells, fit, wrapped
from massgen_plugins.cli.wording import clock, plural
from massgen_plugins.live.presence import Presence, WaitingCall
from massgen_plugins.profiles.steering import SteeringEntry
from massgen_plugins.rate_limit.viewing import PoolView

__all__ = ["queue_lines", "run_words", "waiter_lines"]

_LONGEST_NAME = 24
_BAR = 10


def queue_lines(view: PoolView, looked: Looked, screen: Screen) -> Iterator[Line]:
    """The number of waiting calls, when the first one can be admitted, and the calls."""
    named = looked.waiting_in(view.pool)
    count = max(view.waiting, len(named))
    if not count:
        return
    pause = looked.steering.pause_of(view.pool.name)
    processes = max(len({waiter.process for waiter in view.queue}), len({each.pid for each, _ in named}))
    spread = f" in {processes} processes" if processes > 1 else ""
    seconds = looked.next_slot(view)
    if pause is not None and seconds is None:
        slot = "paused"
    else:
        slot = f"next slot {clock(seconds) if seconds and seconds >= 0.5 else 'now'}"
    words = f"{plural(count, 'call waits', 'calls wait')}{spread}, {slot}"
    yield from wrapped(words, screen.width, 2, "cyan")
    yield from waiter_lines(named, looked.now, screen, pause=pause)
    if named and count > len(named):
        yield from wrapped(f"and {count - len(named)} on other machines or by other users", screen.width, 4)


def waiter_lines(
    named: list[tuple[Presence, WaitingCall]],
    now: float,
    screen: Screen,
    most: int = 20,
    pause: SteeringEntry | None = None,
) -> Iterator[Line]:
    """A line for each waiting call: place, agent, remaining time, process.

    Args:
        named: The calls, in expected order of admission.
        now: Seconds since the epoch.
        screen: The screen.
        most: Maximum number of lines.
        pause: The pause that a person has imposed on the pool, during which nobody's time runs.
    """
    shown = named[:most]
    names = [fit(call.agent or "-", _LONGEST_NAME) for _, call in shown]
    longest = max(map(cells, names), default=0)
    for number, ((run, call), name) in enumerate(zip(shown, names, strict=True), 1):
        until = max(call.until, (pause.until or now) if pause else now)
        left, waited = until - now, max(0.0, now - call.since)
        first = f"  {number:>3}  {name}{' ' * (longest - cells(name))}  "
        endless = pause is not None and pause.until is None
        second = "paused" if endless else f"{clock(left):>6}"
        after = f"  has waited {clock(waited)}  {run_words(run)}"
        room = screen.width - cells(first) - cells(second)
        if room >= cells(after) + _BAR + 2:
            done = 0.0 if endless else waited / (waited + left) if waited + left else 1.0
            bar = screen.bar(done, _BAR)
            yield Span(first), *bar, Span("  "), Span(second, "cyan"), Span(after, "dim")
        else:
            shorter = after if room >= cells(after) else ""
            yield Span(first), Span(second, "cyan"), Span(shorter, "dim")
    if len(named) > most:
        yield (Span(f"       {len(named) - most} more"),)


def run_words(run: Presence) -> str:
    """Describe a run by its team's file and its process."""
    return f"{run.team.rpartition('/')[2] or 'MassGen'}, pid {run.pid}"
