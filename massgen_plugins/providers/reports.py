"""Finds usage objects in an answer fed in chunks: a stream of events, or a document of any size."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from massgen_plugins.providers.sse import read_event
from massgen_plugins.providers.text import read_json

__all__ = ["ReportFinder", "count_of", "flat", "read_reports"]

_MARK = re.compile(rb'"usage"\s{0,4}:\s{0,4}\{')
"""Matches events with usage, but not those with ``"usage":null``."""
_BOUNDARY = re.compile(rb"\n\r?\n")
_LARGEST = 1024 * 1024
_END = 64 * 1024
"""Bytes kept of the end of events and documents above a megabyte: usage comes last."""
_BLANK = b"\xef\xbb\xbf \t\r\n"
_LARGEST_COUNT = 10**12
"""Larger numbers are invalid."""


class ReportFinder:
    """Takes an answer in chunks and returns the events that contain usage, as bytes.

    Only these are extracted and decoded; a fast search skips all others. Buffers at most about a megabyte.
    """

    def __init__(self) -> None:
        self._stream: bool | None = None
        self._kept = bytearray()
        self._tried = 0

    def feed(self, data: bytes) -> Sequence[bytes]:
        """Process the next chunk, split anywhere; returns complete events with usage."""
        if self._stream is None:
            data = data.lstrip(_BLANK)
            if not data:
                return ()
            self._stream = data[:1] not in b"{["
        seen = len(self._kept)
        self._kept += data
        end = _last_boundary(self._kept, seen - 3) if self._stream else -1
        if end < 0:
            if len(self._kept) > _LARGEST:
                del self._kept[:-_END]
            return ()
        complete = bytes(self._kept[:end])
        del self._kept[:end]
        return _marked(complete)

    def rest(self) -> bytes | None:
        """A document, or the last event, if it has usage and looks complete; else None.

        A document that continues after it looked complete is returned whole again only once it has grown by
        an eighth, otherwise just its end, to bound the total cost.
        """
        kept = self._kept
        if not bytes(kept[-16:]).rstrip().endswith((b"}", b"]")) or len(kept) == self._tried:
            return None
        if len(kept) * 8 > self._tried * 9:
            self._tried = len(kept)
            return bytes(kept) if _MARK.search(kept) else None
        return bytes(kept[-_END:])


def _last_boundary(data: bytearray, start: int) -> int:
    """End of the last complete event; -1 if there is none."""
    start = max(0, start)
    plain, windows = data.rfind(b"\n\n", start), data.rfind(b"\n\r\n", start)
    return -1 if plain < 0 and windows < 0 else max(plain + 2, windows + 3)


def _marked(complete: bytes) -> list[bytes]:
    """The events that contain usage."""
    events = []
    end = 0
    for match in _MARK.finditer(complete):
        if match.start() < end:
            continue
        before = max(
            complete.rfind(b"\n\n", end, match.start()), complete.rfind(b"\n\r\n", end, match.start())
        )
        after = _BOUNDARY.search(complete, match.end())
        start, end = before + 1 if before >= 0 else end, after.end() if after else len(complete)
        events.append(complete[start:end])
    return events


def read_reports(raw: bytes) -> Iterator[Mapping[str, Any]]:
    """The JSON objects of an event or a document; only the last usage if it is too long or truncated."""
    document = read_json(raw if raw.lstrip(_BLANK)[:1] in (b"{", b"[") else read_event(raw).data)
    if document is None:
        document = _last_report(raw[-_END:])
    for each in document if isinstance(document, list) else (document,):
        if isinstance(each, dict):
            yield each


def _last_report(end: bytes) -> Any:
    """The last usage in the end of a truncated document."""
    start = max((match.end() for match in _MARK.finditer(end)), default=-1)
    if start < 0:
        return None
    try:
        return {"usage": json.JSONDecoder().raw_decode(end[start - 1 :].decode("utf-8", "replace"))[0]}
    except (ValueError, RecursionError):
        return None


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
