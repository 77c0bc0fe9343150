"""Shows the state of this process while it runs: in MassGen's displays, and in a record for commands."""

from __future__ import annotations

import atexit
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from massgen_plugins.events import CallAnswered, Event
from massgen_plugins.host.announce import Announcer
from massgen_plugins.host.run_records import RunRecord
from massgen_plugins.host.ticker import Ticker
from massgen_plugins.live.names import Names
from massgen_plugins.live.presence import Presence, WaitingCall, live_directory
from massgen_plugins.live.tracker import NOTHING, Tracker
from massgen_plugins.live.writer import PresenceFile
from massgen_plugins.rate_limit.stores.process import after_fork

__all__ = ["LiveView"]

_MOST = 100_000
"""Maximum number of events queued while a display hangs; the oldest are dropped."""

_RUNS = 8
"""Maximum number of runs that are written; earlier ones are over."""


class LiveView:
    """The live state of this process.

    Args:
        report: Called once, with one sentence, if the record cannot be written.
    """

    def __init__(self, report: Callable[[str], None]) -> None:
        self.names = Names()
        self._report = report
        self._directory = ""
        self.forked()
        self._ticker = Ticker(self._tick, "massgen-plugins-live")
        after_fork(self)
        atexit.register(self.close)

    def forked(self) -> None:
        """Reset after a fork: the child has its own counters and none of the parent's waiting calls."""
        self.tracker = Tracker()
        self._announcer = Announcer(self.names)
        self._events: deque[tuple[Event, float]] = deque(maxlen=_MOST)
        self._started = time.time()
        self._file: PresenceFile | None = None
        self._broken = False
        self._records: list[RunRecord] = []
        self._lock = threading.Lock()

    def begin(self, record: RunRecord, *, names: bool = True) -> None:
        """Start a run.

        Args:
            record: Its record.
            names: Whether agents' names may be shown.
        """
        if not names:
            self.names.hidden = True
        self._records.append(record)
        self._ticker.wake()

    def tell(self, event: Event) -> None:
        """Queue an event for the background thread. Fast and thread-safe."""
        if isinstance(event, CallAnswered):
            return  # repeated at the end of the attempt
        self._events.append((event, time.time()))
        if not self._ticker.woken:
            self._ticker.wake()

    def document(self, run: str) -> dict[str, Any] | None:
        """The content of a run's ``rate_limit.json``, with its summary; None if unknown.

        Blocks while a MassGen display is blocked: do not call it on an event loop.
        """
        with self._lock:
            self._take_events()
            record = next((each for each in self._records if each.run == run), None)
            if record is None:
                return None
            waiting, lines = self.tracker.waiting(), record.summary(self.tracker, self.names)
            return record.document(self.tracker, self.names, waiting, lines)

    def close(self) -> None:
        """Print a summary of each run at process exit."""
        self._ticker.stop()
        records, self._records = self._records, []
        with suppress(Exception):
            self._take_events()
            for record in records:
                self._end(record)
        if self._file is not None:
            self._file.remove()

    def _end(self, record: RunRecord) -> None:
        lines = record.summary(self.tracker, self.names)
        record.write(self.tracker, self.names, (), lines)
        for line in lines:
            sys.stderr.write(f"{line}\n")

    def _tick(self) -> bool:
        with self._lock:
            self._take_events()
            waiting = self.tracker.waiting()
            self._announcer.tick(waiting, time.time())
        for record in self._records[-_RUNS:]:
            record.write(self.tracker, self.names, waiting, ())
        if not self._broken:
            self._write(waiting)
        return bool(waiting)

    def _take_events(self) -> None:
        while self._events:
            event, when = self._events.popleft()
            change = self.tracker.note(event, when)
            if change is not NOTHING:
                self._announcer.changed(change, when)

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
                f"{directory}: `massgen-rl watch` cannot show who waits ({error.strerror}); make the "
                "directory writable."
            )

    def _presence(self, waiting: tuple[WaitingCall, ...]) -> Presence:
        with suppress(OSError):
            self._directory = str(Path.cwd())
        counters = self.tracker.counters()
        shown = tuple(replace(each, agent=self.names.shown(each.agent or None)) for each in waiting)
        where = self._directory
        run, team = (self._records[-1].run, self._records[-1].team) if self._records else ("", "")
        return Presence(0, run, team, where, self._started, time.time(), counters, shown)
