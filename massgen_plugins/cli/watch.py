"""``massgen-rl watch``: shows waits live; in a pipe, a line per change."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from massgen_plugins.cli.exits import CHECK_FAILED, SPENT
from massgen_plugins.cli.keyboard import Keyboard, Waiting
from massgen_plugins.cli.last_run import spent, spent_in_last_run
from massgen_plugins.cli.looking import Looked, look
from massgen_plugins.cli.output import clean, say, tell
from massgen_plugins.cli.screen import Line, Screen, Span, wrapped
from massgen_plugins.cli.settings_now import SettingsNow
from massgen_plugins.cli.watch_cost import WatchedCost
from massgen_plugins.cli.watch_lines import Changes
from massgen_plugins.cli.watch_view import Totals, watch_lines
from massgen_plugins.cli.wording import clock, plural

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from massgen_plugins.live.presence import Counters, Presence

__all__ = ["Watch", "answer"]

_KEYS = "q quit · p pause · + - limit for 10 min · w why · ? help"
_HELP = (
    "q or Ctrl-C: quit; the agents go on. p: pause all, and again: go on. + and -: one request per minute "
    "more or less for the quota that is waited for, for ten minutes. w: the last refusal in plain words. "
    '?: this help on and off. "Next slot" is when the next call may leave, "all free" when nothing of the '
    "limit is used any more."
)


class Watch:
    """The watched state, and sums since the start.

    Args:
        look_again: Reads the store and the records of running processes.
        record: File of the record of calls; None if there is none.
    """

    def __init__(self, look_again: Callable[[], Looked], record: Path | None = None) -> None:
        self._look = look_again
        self._cost = WatchedCost(record)
        self._runs: dict[tuple[int, str], Presence] = {}
        self._counted: dict[tuple[int, float], Counters] = {}
        self.looked = self.look()

    def look(self) -> Looked:
        """Read the state again."""
        self.looked = self._look()
        for run in self.looked.presences:
            self._counted[run.pid, run.started] = run.counters
            self._runs[run.pid, run.run] = run
        return self.looked

    @property
    def totals(self) -> Totals:
        """Sums over all runs that were seen."""
        totals = Totals.of(list(self._counted.values()))
        return replace(totals, cost=self._cost.words(self._runs.values(), totals.calls))

    @property
    def idle(self) -> bool:
        """Whether no run is active, and no call waits."""
        return not self.looked.presences and not any(pool.waiting for pool in self.looked.pools)

    @property
    def exit_status(self) -> int:
        """1 if calls were turned away, 3 if a day or month is used up, else 0."""
        if any(map(spent, self.looked.pools)) or spent_in_last_run(self.looked):
            return SPENT
        return CHECK_FAILED if self.totals.turned_away else 0


def answer(  # noqa: PLR0913 - an option each
    *,
    interval: float = 1.0,
    compact: bool = False,
    until_idle: bool = False,
    exit_status: bool = False,
    as_json: bool = False,
    store: str | None = None,
) -> int:
    """Watch until a key is pressed or everything is idle; returns the exit code."""
    settings = SettingsNow()
    watch = Watch(lambda: look(store, SettingsNow() if settings.changed() else settings), settings.record())
    if as_json:
        _in_pipe(watch, Waiting(), interval, _documents, until_idle=until_idle)
    elif sys.stdout.isatty():
        keys = Keyboard() if sys.stdin.isatty() else Waiting()
        _on_terminal(watch, keys, interval, compact=compact, until_idle=until_idle)
    else:
        _in_pipe(watch, Waiting(), interval, Changes().lines, until_idle=until_idle)
        tell(_summary(watch))
    return watch.exit_status if exit_status else 0


def _in_pipe(
    watch: Watch,
    waiting: Waiting,
    interval: float,
    lines: Callable[[Looked], Iterable[str]],
    *,
    until_idle: bool,
) -> None:
    while True:
        for line in lines(watch.looked):
            tell(line)
        sys.stdout.flush()
        if until_idle and watch.idle:
            return
        waiting.read(interval)
        watch.look()


def _documents(looked: Looked) -> Iterable[str]:
    from massgen_plugins.cli.status_json import document

    yield json.dumps(document(looked), allow_nan=False)


def _on_terminal(watch: Watch, keys: Waiting, interval: float, *, compact: bool, until_idle: bool) -> None:
    from rich.console import Console
    from rich.live import Live

    console = Console(highlight=False, markup=False, emoji=False)
    below: list[Line] = []
    with suppress(KeyboardInterrupt), keys, Live(console=console, screen=True, auto_refresh=False) as live:
        while not (until_idle and watch.idle):
            screen = _screen(console)
            lines = watch_lines(watch.looked, watch.totals, screen, compact=compact)
            shown = [*lines, *(below or wrapped(_KEYS, screen.width, 0, "dim"))]
            live.update(_drawn(shown, console.size.height), refresh=True)
            key = keys.read(interval)
            if key in {"q", "Q", "\x04"}:
                break
            below = _below(key, watch.looked, screen, below)
            watch.look()
    say(_summary(watch))


def _below(key: str, looked: Looked, screen: Screen, before: list[Line]) -> list[Line]:
    """The lines below the display after a key; the same key again, or q, removes them."""
    if key == "?":
        return [] if before else list(wrapped(_HELP, screen.width, 0, "dim"))
    if key == "w":
        from massgen_plugins.cli.why import last_lines

        return [] if before else last_lines(screen)
    if key in {"p", "+", "-"}:
        from massgen_plugins.cli.watch_keys import pressed

        return list(wrapped(pressed(key, looked), screen.width, 0, "cyan"))
    return before if not key else []


def _screen(console: Console) -> Screen:
    return Screen(console.size.width, colours=True, ascii_only=console.options.ascii_only)


def _drawn(lines: Sequence[Line], height: int) -> RenderableType:
    """Convert lines for rich, truncated to the height with a count, but keeping the last line."""
    from rich.text import Text

    shown = list(lines)
    if len(shown) > height > 2:
        hidden = len(shown) - height + 1
        shown = [
            *shown[: height - 2],
            (Span(f"{hidden} more lines: the window is too low", "dim"),),
            shown[-1],
        ]
    drawn = [Text.assemble(*((clean(words), style) for words, style in line), no_wrap=True) for line in shown]
    return Text("\n").join(drawn)


def _summary(watch: Watch) -> str:
    totals = watch.totals
    return (
        f"{plural(totals.calls, 'call')}, {totals.refused} refused, {totals.turned_away} turned away, "
        f"{clock(totals.waited)} waited{f', {totals.cost}' if totals.cost else ''}."
    )
