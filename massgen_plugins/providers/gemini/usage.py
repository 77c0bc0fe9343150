"""Reads a call's usage from its answer, fed in chunks: the last plausible counts."""

from __future__ import annotations

import re

from massgen_plugins.middleware import Usage
from massgen_plugins.providers.gemini.counts import Counts
from massgen_plugins.providers.sse import Event, EventReader, read_event
from massgen_plugins.providers.text import read_json, read_json_start

__all__ = ["GeminiUsageReader"]

_MARKS = (b'"usageMetadata"', b'"usage"')
"""Fields with counts: on Google's own paths, and on the OpenAI-compatible one."""

_MOST = 8
"""Usage events of a chunk that are read from each end; counts only grow."""
_LONGEST = 1024 * 1024
"""Maximum bytes of a document that is buffered whole; of a longer one (an image), only the end is kept."""
_END = 64 * 1024
"""Bytes kept of that end: usage follows the content, and is less than a kilobyte."""
_BLANK = b"\xef\xbb\xbf \t\r\n"
"""Characters before an answer: a byte order mark and white space."""
_BETWEEN = re.compile(r"[\[, \t\r\n]*")
"""Characters before an element of a list."""
_READINGS = 16
"""How often each byte of an incomplete answer may be parsed on average."""
_BLANK_LINES = (b"\n\n", b"\r\n\r\n", b"\r\r")


class GeminiUsageReader:
    """Takes an answer in chunks and keeps the last counts.

    Every event of a stream has usage; output counts grow, or only come with the last event. A stream of
    server-sent events is parsed event by event; a list of documents, which is Gemini's stream without
    ``alt=sse``, document by document. Never raises; runs in linear time, and buffers about a megabyte.
    """

    def __init__(self) -> None:
        self._counts = Counts()
        self._events: EventReader | None = None
        self._begun = False
        self._kept = bytearray()  # unparsed documents, or the end of a stream of events
        self._cut = False
        self._closing = False  # whether an object may have ended since the last parse
        self._budget = _END

    def feed(self, data: bytes) -> None:
        """Process the next chunk of the body, split anywhere."""
        if not self._begun:
            data = data.lstrip(_BLANK)
            if not data:
                return
            self._begun = True
            self._events = None if data[:1] in b"{[" else EventReader()
        self._budget += _READINGS * len(data)
        if self._events is None:
            self._closing = self._closing or b"}" in data
            self._keep(data, _LONGEST)
        else:
            self._keep(data[-_END:], _END)
            events = [event for event in self._events.feed(data) if _has_usage(event)]
            for event in events if len(events) <= 2 * _MOST else (*events[:_MOST], *events[-_MOST:]):
                self._take(event)

    def usage(self) -> Usage | None:
        """The usage reported so far; None before the first plausible report."""
        if self._events is not None:
            self._look_at_last_event()
        elif self._cut:
            self._counts.take(_last_report(self._kept))
        else:
            self._read_documents()
        return self._counts.usage()

    def _keep(self, data: bytes, most: int) -> None:
        self._kept += data
        if len(self._kept) > most:
            self._cut = True
            del self._kept[:-_END]

    def _take(self, event: Event) -> None:
        document = read_json(event.data)
        if document is None:  # truncated after a megabyte, or excessively large
            self._counts.take(_last_report(self._kept))
        self._counts.take_from(document)

    def _look_at_last_event(self) -> None:
        """Parse an incomplete event: the stream may have ended with it."""
        ends = ((self._kept.rfind(line), len(line)) for line in _BLANK_LINES)
        rest = bytes(self._kept[max(place + length if place >= 0 else 0 for place, length in ends) :])
        if _has_mark(rest) and rest.rstrip().endswith(b"}") and self._may_read(len(rest)):
            self._counts.take_from(read_json(read_event(rest).data))

    def _read_documents(self) -> None:
        """Parse and drop complete documents; of a large incomplete one, keep only the end."""
        if not (self._closing and _has_mark(self._kept) and self._may_read(len(self._kept))):
            return
        self._closing = False
        text = self._kept.decode("latin-1")  # one character per byte; counts and names are ASCII
        place = 0
        while True:
            between = _BETWEEN.match(text, place)
            document, end = read_json_start(text, between.end() if between else place)
            if not isinstance(document, dict):
                break
            self._counts.take_from(document)
            place = end
        del self._kept[:place]
        if len(self._kept) > _END and _has_mark(self._kept):
            self._counts.take(_last_report(self._kept))

    def _may_read(self, size: int) -> bool:
        if size > self._budget:
            return False
        self._budget -= size
        return True


def _has_usage(event: Event) -> bool:
    """Whether an event may contain usage; always true for a truncated one."""
    return b'"usage' in event.raw or len(event.raw) >= _LONGEST


def _has_mark(data: bytes | bytearray) -> bool:
    return any(mark in data for mark in _MARKS)


def _last_report(data: bytearray) -> object | None:
    """The value of the last usage field in the end of a truncated document."""
    text = data[-_END:].decode("latin-1")
    after = max((text.rpartition(mark.decode())[::2] for mark in _MARKS), key=lambda parts: len(parts[0]))[1]
    return read_json_start(after.lstrip(": \t\r\n"))[0]
