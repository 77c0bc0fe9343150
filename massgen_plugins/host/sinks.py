"""The sinks of this process: a file of events if settings want it, OpenTelemetry where it is used."""

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
    """Where events are kept; None when the user has no home."""
    directory = live_directory()
    return directory.with_name("events.jsonl") if directory is not None else None


class Sinks:
    """Hands events on.

    Args:
        report: Told, in one sentence, of a sink that fails.

    Attributes:
        any: Whether there is one.
    """

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._sinks: dict[type[EventSink], BackgroundSink] = {}
        self.any = False
        self._measured = False
        after_fork(self)
        atexit.register(self.close)

    def forked(self) -> None:
        """A child's sinks have threads of their own."""
        for sink in self._sinks.values():
            sink.forked()

    def begin(self, *, keep: bool) -> None:
        """A run begins.

        Args:
            keep: Whether its events are kept in the file.
        """
        path = events_file()
        if keep and path is not None and JsonLines not in self._sinks:
            self.add(JsonLines(path))
        if is_used() and OpenTelemetrySink not in self._sinks:
            self.add(OpenTelemetrySink())
            self._measured = True

    def add(self, sink: EventSink) -> None:
        """Hand events to another sink, too."""
        self._sinks = {**self._sinks, type(sink): BackgroundSink(sink, self._report)}
        self.any = True

    def tell(self, event: Event) -> None:
        """Something happened; from any thread, and quick."""
        now = time.time()
        for sink in self._sinks.values():
            sink.tell(event, now)
        if self._measured and isinstance(event, CallAdmitted):
            add_span_event(event)  # here, where the call's span is

    def close(self) -> None:
        """The process ends."""
        for sink in self._sinks.values():
            sink.close()
