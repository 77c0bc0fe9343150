"""Where events go that leave the process: each sink has a thread and a bounded queue of its own."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence

from massgen_plugins.events import Event

__all__ = ["BackgroundSink", "EventSink"]


_LULL = 0.1
"""Seconds for which events are gathered before a sink is handed them."""


class EventSink(ABC):
    """Takes events somewhere. Its methods but ``wants`` are called on one thread, and may block."""

    @abstractmethod
    def take(self, events: Sequence[tuple[float, Event]]) -> None:
        """Take events, each with its moment in seconds since the epoch, in their order."""

    def wants(self, event: Event) -> bool:  # noqa: ARG002 - to override
        """Whether an event is worth keeping; asked on the thread of whoever tells of it: must be quick."""
        return True

    def close(self) -> None:  # noqa: B027 - need not be overridden
        """The process ends."""


class BackgroundSink:
    """Hands events to a sink on a thread of its own, so that one that hangs holds up nobody.

    Args:
        sink: Takes them.
        report: Told once, in one sentence, of a sink that fails; it is handed the next events all the same.
        most: Events that are kept while the sink is busy; of more the oldest are lost.

    Attributes:
        lost: How many were lost.
    """

    def __init__(self, sink: EventSink, report: Callable[[str], None], most: int = 10_000) -> None:
        self._sink = sink
        self._report = report
        self._most = most
        self._failed = False
        self.forked()

    def forked(self) -> None:
        """A child has none of its parent's threads and events."""
        self._events: deque[tuple[float, Event]] = deque(maxlen=self._most)
        self._told = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self.lost = 0

    def tell(self, event: Event, at: float) -> None:
        """Keep an event for the sink, if it wants it; from any thread, never blocks."""
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
        """Let the sink take what is left, and close it; blocks for ``patience`` seconds at most."""
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
            self._ended.wait(_LULL)  # many at once are cheaper
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
                # Never the error's text: it may hold what was being written.
                self._report(f"The sink of events {name} failed: {type(error).__qualname__}.")
