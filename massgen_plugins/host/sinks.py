"""The event sinks of this process: a file if enabled in settings, OpenTelemetry if in use."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable
from pathlib import Path

from massgen_plugins.events import CallAdmitted, Event
from massgen_plugins.events.json_lines import JsonLines
from massgen_plugins.events.opentelemetry import OpenTelemetrySink, add_span_event, is_used
from massgen_plugins.events.sink import BackgroundSink, EventSink
from massgen_plugins.live.presence import live_directory
from massgen_plugins.rate_limit.stores.process import after_fork

__all__ = ["Sinks", "events_file"]


def events_file() -> Path | None:
    """Path of the event file; None if the user has no home directory."""
    directory = live_directory()
    return directory.with_name("events.jsonl") if directory is not None else None


class Sinks:
    """Passes events to all sinks.

    Args:
        report: Called with one sentence about a failing sink.

    Attributes:
        any: Whether there are any sinks.
    """

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._sinks: dict[type[EventSink], BackgroundSink] = {}
        self.any = False
        self._measured = False
        after_fork(self)
        atexit.register(self.close)

    def forked(self) -> None:
        """Restart the sinks' threads in a forked child."""
        for sink in self._sinks.values():
            sink.forked()

    def begin(self, *, keep: bool) -> None:
        """Start a run.

        Args:
            keep: Whether to write its events to the file.
        """
        path = events_file()
        if keep and path is not None and JsonLines not in self._sinks:
            self.add(JsonLines(path))
        if is_used() and OpenTelemetrySink not in self._sinks:
            self.add(OpenTelemetrySink())
            self._measured = True

    def add(self, sink: EventSink) -> None:
        """Add a sink."""
        self._sinks = {**self._sinks, type(sink): BackgroundSink(sink, self._report)}
        self.any = True

    def tell(self, event: Event) -> None:
        """Pass on an event. Fast and thread-safe."""
        now = time.time()
        for sink in self._sinks.values():
            sink.tell(event, now)
        if self._measured and isinstance(event, CallAdmitted):
            add_span_event(event)  # must run in the context of the call's span

    def close(self) -> None:
        """Close all sinks at process exit."""
        for sink in self._sinks.values():
            sink.close()
