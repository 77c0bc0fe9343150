"""Finds reports of usage in an answer fed in chunks: a stream of events, or documents of any size."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from massgen_plugins.middleware import Usage
from massgen_plugins.providers.sse import read_event
from massgen_plugins.providers.text import read_json, read_json_start

__all__ = ["ReportReader", "count_of", "flat"]

_MARK = re.compile(rb'"usage(?:Metadata)?"\s{0,4}:\s{0,4}\{')
"""Begins a report, but not ``"usage":null``; the longer name is Gemini's."""
_BOUNDARY = re.compile(rb"\n\r?\n")
_MOST = 8
"""Events of a chunk that are read from each end; counts grow, or come last."""
_LONGEST = 1024 * 1024
"""Maximum bytes of an event or a document that are kept; of a longer one (an image), only the end is."""
_END = 64 * 1024
"""Bytes kept of that end: usage comes last, and is less than a kilobyte."""
_SMALL = 15_000
"""Bytes of a document whose structure cannot be excessive for ``read_json``."""
_BLANK = b"\xef\xbb\xbf \t\r\n"
"""Characters before an answer: a byte order mark and white space."""
_BETWEEN = re.compile(r"[\[, \t\r\n]*")
"""Characters before an element of a list."""
_READINGS = 16
"""How often each byte of an incomplete answer may be parsed on average."""
_LARGEST_COUNT = 10**12
"""Larger numbers are invalid."""


class ReportReader(ABC):
    """Takes an answer in chunks, and passes every JSON object of it that has usage to :meth:`take`.

    Of a stream of events, only those with usage are parsed; a fast search skips all others. The documents of
    a list, which is Gemini's stream without ``alt=sse``, are parsed one by one. Never raises; runs in linear
    time, and buffers about a megabyte.

    Attributes:
        counts: For subclasses: the counts so far, under the provider's own names.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._is_stream: bool | None = None
        self._kept = bytearray()  # not parsed yet
        self._cut = False  # whether only the end of it is kept
        self._closing = False  # whether an object may have ended since the last parse
        self._budget = _END

    @abstractmethod
    def take(self, document: dict[str, Any]) -> None:
        """Add the reports in a document or in the data of an event."""

    @abstractmethod
    def reported(self) -> Usage | None:
        """The usage according to what was taken; None before the first plausible report."""

    def feed(self, data: bytes) -> None:
        """Process the next chunk of the body, split anywhere."""
        if self._is_stream is None:
            data = data.lstrip(_BLANK)
            if not data:
                return
            self._is_stream = data[:1] not in b"{["
        self._budget += _READINGS * len(data)
        self._closing = self._closing or b"}" in data
        seen = len(self._kept)
        self._kept += data
        end = _last_boundary(self._kept, seen - 3) if self._is_stream else -1
        if end >= 0:
            events = [event for event in _BOUNDARY.split(self._kept[:end]) if _MARK.search(event)]
            del self._kept[:end]
            for event in events if len(events) <= 2 * _MOST else (*events[:_MOST], *events[-_MOST:]):
                self._read_event(event, whole=True)
            self._cut = False
        if len(self._kept) > _LONGEST:
            self._cut = True
            del self._kept[:-_END]

    def usage(self) -> Usage | None:
        """The usage reported so far; None before the first plausible report."""
        if self._closing and _MARK.search(self._kept) and len(self._kept) <= self._budget:
            self._closing = False
            self._budget -= len(self._kept)
            if self._is_stream:  # it may have ended with this event
                self._read_event(self._kept, whole=self._cut)
            else:
                self._read_documents()
        return self.reported()

    def _read_event(self, event: bytes | bytearray, *, whole: bool) -> None:
        document = read_json(read_event(bytes(event).strip()).data)
        if document is None and whole:  # too long, or of an excessive structure
            document = _last_report(event)
        for each in document if isinstance(document, list) else (document,):
            if isinstance(each, dict):
                self.take(each)

    def _read_documents(self) -> None:
        """Parse and drop complete documents; of a large or incomplete one, read only the last report."""
        text = "" if self._cut else self._kept.decode("latin-1")  # counts and their names are ASCII
        place = 0
        while place < len(text):
            between = _BETWEEN.match(text, place)
            document, end = read_json_start(text, between.end() if between else place)
            if not isinstance(document, dict):
                break
            self.take(document)
            place = end
        del self._kept[:place]
        if len(self._kept) > _SMALL:
            self.take(_last_report(self._kept))


def _last_boundary(data: bytearray, start: int) -> int:
    """End of the last complete event; -1 if there is none."""
    start = max(0, start)
    plain, windows = data.rfind(b"\n\n", start), data.rfind(b"\n\r\n", start)
    return -1 if plain < 0 and windows < 0 else max(plain + 2, windows + 3)


def _last_report(data: bytes | bytearray) -> dict[str, Any]:
    """The last usage in the end of an event or document; empty if there is none."""
    end = bytes(data[-_END:])
    start = max((match.end() for match in _MARK.finditer(end)), default=0)
    return {"usage": read_json_start(end[start - 1 :].decode("latin-1"))[0]} if start else {}


def count_of(report: Mapping[str, Any], *names: str) -> int | None:
    """The first of these counts that is present and plausible."""
    for name in names:
        value = report.get(name)
        if type(value) is float and value.is_integer():  # some gateways turn whole numbers into 12.0
            value = int(value)
        if type(value) is int and 0 <= value <= _LARGEST_COUNT:
            return value
    return None


def flat(report: dict[str, Any]) -> dict[str, int]:
    """All counts of a report by name; a repeated name is prefixed with its parent's."""
    counts: dict[str, int] = {}
    for parent, part in (("", report), *report.items()):
        for name, value in part.items() if isinstance(part, dict) else ():
            if type(value) is int and 0 <= value <= _LARGEST_COUNT:
                counts[name if name not in counts else f"{parent}.{name}"] = value
    return counts
