"""Reads what a call took out of the passing answer: the last counts that can be true."""

from __future__ import annotations

import re

from massgen_plugins.middleware import Usage
from massgen_plugins.providers.gemini.counts import Counts
from massgen_plugins.providers.sse import Event, EventReader, read_event
from massgen_plugins.providers.text import read_json, read_json_start

__all__ = ["GeminiUsageReader"]

_MARKS = (b'"usageMetadata"', b'"usage"')
"""Fields that hold counts: on Google's own paths, and on the OpenAI-compatible one."""

_MOST = 8
"""Events with usage of one piece that are read, from each end: counts grow."""
_LONGEST = 1024 * 1024
"""Bytes of a document that are kept whole; of a longer one (it holds an image) only the end is."""
_END = 64 * 1024
"""Bytes of that end: usage follows the content, and is less than a kilobyte."""
_BLANK = b"\xef\xbb\xbf \t\r\n"
"""What may stand before an answer: a byte order mark and white space."""
_BETWEEN = re.compile(r"[\[, \t\r\n]*")
"""What stands before an element of a list."""
_READINGS = 16
"""How often each byte of an answer may be looked at while its end is not here yet."""
_BLANK_LINES = (b"\n\n", b"\r\n\r\n", b"\r\r")


class GeminiUsageReader:
    """Takes an answer in pieces and remembers the last counts.

    Every event of a stream carries usage; output counts grow, or come with the last event only. A stream of
    server-sent events is read event by event; a list of documents, which is Gemini's stream without
    ``alt=sse``, document by document. Never raises; its time is proportional to the answer, and it keeps
    about a megabyte.
    """

    def __init__(self) -> None:
        self._counts = Counts()
        self._events: EventReader | None = None
        self._begun = False
        self._kept = bytearray()  # the documents that are not read yet; of a stream of events its end
        self._cut = False
        self._closing = False  # whether an object may have ended since the documents were looked at
        self._budget = _END

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body, cut anywhere."""
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
        """What has been reported so far; None before the first report that can be true."""
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
        if document is None:  # cut after a megabyte, or as large as no answer is
            self._counts.take(_last_report(self._kept))
        self._counts.take_from(document)

    def _look_at_last_event(self) -> None:
        """Read the event whose end is not here: the stream may have ended with it."""
        ends = ((self._kept.rfind(line), len(line)) for line in _BLANK_LINES)
        rest = bytes(self._kept[max(place + length if place >= 0 else 0 for place, length in ends) :])
        if _has_mark(rest) and rest.rstrip().endswith(b"}") and self._may_read(len(rest)):
            self._counts.take_from(read_json(read_event(rest).data))

    def _read_documents(self) -> None:
        """Read the documents that are here whole, and let them go; of a large beginning only its end."""
        if not (self._closing and _has_mark(self._kept) and self._may_read(len(self._kept))):
            return
        self._closing = False
        text = self._kept.decode("latin-1")  # a character a byte; counts and names are ASCII
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
    """Whether it may report usage; of a longer one than is kept nobody knows."""
    return b'"usage' in event.raw or len(event.raw) >= _LONGEST


def _has_mark(data: bytes | bytearray) -> bool:
    return any(mark in data for mark in _MARKS)


def _last_report(data: bytearray) -> object | None:
    """The value of the last usage field in the end of something that cannot be read whole."""
    text = data[-_END:].decode("latin-1")
    after = max((text.rpartition(mark.decode())[::2] for mark in _MARKS), key=lambda parts: len(parts[0]))[1]
    return read_json_start(after.lstrip(": \t\r\n"))[0]
