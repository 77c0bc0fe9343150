"""Shows what happens in this process while it runs: in MassGen's displays, and in a record for commands."""

from __future__ import annotations

import atexit
import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from massgen_plugins.events import Event
from massgen_plugins.host.announce import Announcer
from massgen_plugins.host.ticker import Ticker
from massgen_plugins.live.names import Names
from massgen_plugins.live.presence import Presence, WaitingCall, live_directory
from massgen_plugins.live.tracker import Tracker
from massgen_plugins.live.writer import PresenceFile
from massgen_plugins.rate_limit.stores.process import after_fork

__all__ = ["LiveView"]

_MOST = 100_000
"""Events that are kept while a display hangs; the oldest go first."""


class LiveView:
    """What this process shows of itself while it runs.

    Args:
        report: Told once, in one sentence, when the record cannot be written.
    """

    def __init__(self, report: Callable[[str], None]) -> None:
        self.names = Names()
        self._report = report
        self._run = ""
        self._team = ""
        self._directory = ""
        self.forked()
        self._ticker = Ticker(self._tick, "massgen-plugins-live")
        after_fork(self)
        atexit.register(self.close)

    def forked(self) -> None:
        """A child counts for itself; nobody of its parent's waits in it."""
        self.tracker = Tracker()
        self._announcer = Announcer(self.names)
        self._events: deque[tuple[Event, float]] = deque(maxlen=_MOST)
        self._started = time.time()
        self._file: PresenceFile | None = None
        self._broken = False

    def begin(self, run: str, team: str | None) -> None:
        """A run begins, or the first one of this process."""
        self._run, self._team = run, os.path.realpath(team) if team else ""
        self._ticker.wake()

    def tell(self, event: Event) -> None:
        """Something happened; from any thread, and quick: it is looked at in another one."""
        self._events.append((event, time.time()))
        if not self._ticker.woken:
            self._ticker.wake()

    def close(self) -> None:
        """The process ends."""
        self._ticker.stop()
        if self._file is not None:
            self._file.remove()

    def _tick(self) -> bool:
        while self._events:
            event, when = self._events.popleft()
            self._announcer.changed(self.tracker.note(event, when), when)
        waiting = self.tracker.waiting()
        self._announcer.tick(waiting, time.time())
        if not self._broken:
            self._write(waiting)
        return bool(waiting)

    def _write(self, waiting: tuple[WaitingCall, ...]) -> None:
        directory = live_directory()
        if directory is None:
            return
        try:
            self._file = self._file or PresenceFile(directory)
            self._file.write(self._presence(waiting))
        except OSError as error:
            self._broken = True
            self._report(
                f"{directory}: `massgen-rl watch` cannot be told who waits ({error.strerror}); make the "
                "directory writable."
            )

    def _presence(self, waiting: tuple[WaitingCall, ...]) -> Presence:
        with suppress(OSError):
            self._directory = str(Path.cwd())
        counters = self.tracker.counters()
        shown = tuple(replace(each, agent=self.names.shown(each.agent or None)) for each in waiting)
        where = self._directory
        return Presence(0, self._run, self._team, where, self._started, time.time(), counters, shown)
