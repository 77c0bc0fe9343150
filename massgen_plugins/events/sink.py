"""Event sinks, which export events from the process, each with its own thread and bounded queue."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence

from massgen_plugins.events import Event

__all__ = ["BackgroundSink", "EventSink"]


_LULL = 0.1
"""Seconds for which events are batched before they are passed to a sink."""


class EventSink(ABC):
    """A destination for events. All methods except ``wants`` run on a single thread and may block."""

    @abstractmethod
    def take(self, events: Sequence[tuple[float, Event]]) -> None:
        """Process events in order, each with its time in seconds since the epoch."""

    def wants(self, event: Event) -> bool:  # noqa: ARG002 - to override
        """Whether to keep an event; called on the emitting thread, so it must be fast."""
        return True

    def close(self) -> None:  # noqa: B027 - need not be overridden
        """Called when the process exits."""


class BackgroundSink:
    """Passes events to a sink on a background thread, so that a slow sink blocks nothing else.

    Args:
        sink: The sink.
        report: Called once, with one sentence, if the sink fails; it still receives later events.
        most: Maximum number of queued events; beyond it, the oldest are dropped.

    Attributes:
        lost: Number of dropped events.
    """

    def __init__(self, sink: EventSink, report: Callable[[str], None], most: int = 10_000) -> None:
        self._sink = sink
        self._report = report
        self._most = most
        self._failed = False
        self.forked()

    def forked(self) -> None:
        """Reset after a fork: the child inherits neither threads nor queued events."""
        self._events: deque[tuple[float, Event]] = deque(maxlen=self._most)
        self._told = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self.lost = 0

    def tell(self, event: Event, at: float) -> None:
        """Queue an event if the sink wants it. Thread-safe, never blocks."""
        if not self._sink.wants(event):
            return
        if len(self._events) >= self._most:
            self.lost += 1
        self._events.append((at, event))
        if not self._told.is_set():
            self._told.set()
            if self._thread is None:
                self._start()

    def close(self, patience: float = 1.0) -> None:
        """Flush the queue and close the sink; blocks for at most ``patience`` seconds."""
        self._ended.set()
        self._told.set()
        if self._thread is not None:
            self._thread.join(patience)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None and not self._ended.is_set():
                name = f"massgen-plugins-{type(self._sink).__name__}"
                self._thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._told.wait()
            self._ended.wait(_LULL)  # batching is cheaper
            self._told.clear()
            self._pass_on()
        self._pass_on()
        self._tried(self._sink.close)

    def _pass_on(self) -> None:
        events = [self._events.popleft() for _ in range(len(self._events))]
        if events:
            self._tried(lambda: self._sink.take(events))

    def _tried(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:
            if not self._failed:
                self._failed = True
                name = type(self._sink).__name__
                # Never the error's text: it may contain the data that was being written.
                self._report(f"The sink of events {name} failed: {type(error).__qualname__}.")
