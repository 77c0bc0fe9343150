"""``watch`` in a pipe: prints a line per change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from massgen_plugins.cli.looking import Looked
from massgen_plugins.cli.penalties import penalties_of
from massgen_plugins.cli.status_queue import run_words
from massgen_plugins.cli.wording import clock, ordinal, plural

if TYPE_CHECKING:
    from massgen_plugins.live.presence import Presence, WaitingCall

__all__ = ["Changes"]


class Changes:
    """Detects changes since the previous state."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, int], WaitingCall] = {}
        self._runs: dict[int, Presence] = {}
        self._held: dict[str, str] = {}

    def lines(self, looked: Looked) -> Iterator[str]:
        """A line for each change, with the local time."""
        stamp = f"{datetime.fromtimestamp(looked.now).astimezone():%H:%M:%S}"
        for words in self._changes(looked):
            yield f"{stamp} {words}"

    def _changes(self, looked: Looked) -> Iterator[str]:
        runs = {each.pid: each for each in looked.presences}
        waiting = {(each.pid, call.call): call for each in looked.presences for call in each.waiting}
        for pid in runs.keys() - self._runs.keys():
            yield f"{run_words(runs[pid])} runs"
        for key in self._waiting.keys() - waiting.keys():
            call = self._waiting[key]
            end = "goes on" if key[0] in runs else "ended with its process"
            whose = f" of {run_words(self._runs[key[0]])}" if len(self._runs) > 1 else ""
            yield f"{call.agent or 'a call'}{whose} {end} after {clock(looked.now - call.since)}"
        for key, call in waiting.items():
            if key not in self._waiting:
                paused = looked.steering.pause_of(call.model) is not None
                why = " (paused)" if paused else f" ({call.limit})" if call.limit else ""
                left = "" if paused else f" {clock(call.until - looked.now)}"
                whose = f" of {run_words(runs[key[0]])}" if len(runs) > 1 else ""
                place = ordinal(call.place)
                yield f"{call.agent or 'a call'}{whose} waits{left} for {call.model}{why}, {place}"
        for pid in self._runs.keys() - runs.keys():
            counted = self._runs[pid].counters
            yield (
                f"{run_words(self._runs[pid])} has ended: {plural(counted.calls, 'call')}, "
                f"{counted.refused} refused, {clock(counted.waited)} waited"
            )
        yield from self._imposed(looked)
        self._runs, self._waiting = runs, waiting

    def _imposed(self, looked: Looked) -> Iterator[str]:
        held = {str(view.pool): _imposed(penalties_of(view)) for view in looked.pools}
        for pool, words in held.items():
            if words != self._held.get(pool, ""):
                yield f"{pool} {words or 'is free again'}"
        self._held = held


def _imposed(held: object) -> str:
    for name, words in (("closed", "is closed"), ("until", "is used up"), ("pause", "is paused")):
        if getattr(held, name):
            return f"{words} by the provider"
    return ""
