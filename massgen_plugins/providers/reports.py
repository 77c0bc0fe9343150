"""Finds the usage objects in an answer that passes by: a stream of events, or one document of any size."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from massgen_plugins.providers.sse import EventReader
from massgen_plugins.providers.text import read_json

__all__ = ["ReportFinder", "count_of", "flat"]

_MARK = re.compile(rb'"usage"\s{0,4}:\s{0,4}\{')
"""What an event with usage contains; ``"usage":null`` in every event costs nothing more than this search."""
_LARGEST = 1024 * 1024
_END = 64 * 1024
"""Bytes of an answer's end that are kept, for events and documents above a megabyte: usage comes last."""
_BLANK = b"\xef\xbb\xbf \t\r\n"
_LARGEST_COUNT = 10**12
"""No call takes more; a larger number is nonsense."""


class ReportFinder:
    """Takes an answer in pieces; hands out the JSON objects in which usage is reported.

    Keeps at most about a megabyte beside the piece at hand. Never raises.
    """

    def __init__(self) -> None:
        self._stream: bool | None = None
        self._events = EventReader()
        self._document = bytearray()
        self._seen = 0
        self._end = bytearray()

    def feed(self, data: bytes) -> Iterator[Mapping[str, Any]]:
        """Take the next bytes of the body, cut anywhere; gives the objects that are complete by now."""
        if self._stream is None:
            data = data.lstrip(_BLANK)
            if not data:
                return
            self._stream = data[:1] not in b"{["
        self._keep_end(data)
        if not self._stream:
            self._seen += len(data)
            if len(self._document) < _LARGEST:
                self._document += data
            return
        for event in self._events.feed(data):
            if len(event.raw) >= _LARGEST:
                yield from _last_report(bytes(self._end))
            elif _MARK.search(event.data):
                yield from _objects(read_json(event.data))

    def rest(self) -> Iterator[Mapping[str, Any]]:
        """The objects of a document, once it is complete; nothing of a stream."""
        if self._stream or not self._document or not bytes(self._end[-32:]).rstrip().endswith((b"}", b"]")):
            return
        if self._seen > _LARGEST:
            yield from _last_report(bytes(self._end))
        elif _MARK.search(self._document):
            yield from _objects(read_json(bytes(self._document)))

    def _keep_end(self, data: bytes) -> None:
        self._end += data[-_END:]
        if len(self._end) > 4 * _END:  # cut seldom, so that it costs no more than the copying
            del self._end[:-_END]


def _objects(document: Any) -> Iterator[Mapping[str, Any]]:
    for each in document if isinstance(document, list) else (document,):
        if isinstance(each, dict):
            yield each


def _last_report(end: bytes) -> Iterator[Mapping[str, Any]]:
    """The last usage in the end of something too long to be kept."""
    start = max((match.start() for match in _MARK.finditer(end)), default=-1)
    if start < 0:
        return
    text = end[start + len(b'"usage"') :].decode("utf-8", "replace").lstrip(": \t\r\n")
    try:
        yield {"usage": json.JSONDecoder().raw_decode(text)[0]}
    except (ValueError, RecursionError):
        return


def count_of(report: Mapping[str, Any], *names: str) -> int | None:
    """The first of these counts that is there and can be true."""
    for name in names:
        value = report.get(name)
        if type(value) is int and 0 <= value <= _LARGEST_COUNT:
            return value
    return None


def flat(report: Mapping[str, Any]) -> dict[str, int]:
    """All counts of a report by their own names; of a name that comes twice, the later with its parent's."""
    counts = {name: value for name in report if (value := count_of(report, name)) is not None}
    for parent, part in report.items():
        if isinstance(part, dict):
            for name in part:
                value = count_of(part, name)
                if value is not None:
                    counts[name if name not in counts else f"{parent}.{name}"] = value
    return counts
