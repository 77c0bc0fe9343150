"""Parser for server-sent events: incremental, linear in time, bounded in memory, never raises."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Event", "EventReader", "read_event"]

_MOST = 1024 * 1024
"""Maximum size of an event in bytes; the rest of a longer one is dropped."""


class Event(NamedTuple):
    """A server-sent event.

    Attributes:
        name: Its ``event:`` field; empty if it has none.
        data: Its ``data:`` fields, joined by newlines; empty for a comment or an event without data.
        raw: Its unchanged lines with line ends, truncated to 1 MiB.
    """

    name: str
    data: bytes
    raw: bytes


class EventReader:
    """Splits a stream into events. Comments and events without data have empty ``data``."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._rest = bytearray()
        self._size = 0
        self._after_cr = False

    def feed(self, data: bytes) -> list[Event]:
        """Process the next bytes, split anywhere; returns the events completed by them."""
        if self._after_cr and data.startswith(b"\n"):  # the second half of a split CRLF
            data, self._after_cr = data[1:], False
        self._after_cr = data.endswith(b"\r") if data else self._after_cr
        events = []
        for line in data.splitlines(keepends=True):
            if not line.endswith((b"\n", b"\r")):  # an incomplete line, or one split at \x0b or similar
                self._keep(line)
                continue
            whole = line
            if self._rest or self._size + len(line) > _MOST:
                self._keep(line)
                whole = bytes(self._rest)
                self._rest.clear()
            else:
                self._size += len(line)
            if whole.strip(b"\r\n"):
                self._lines.append(whole)
            elif self._lines or self._size > _MOST:
                events.append(self._event())
        return events

    def end(self) -> Event | None:
        """The incomplete event at the end of the stream; None if it ended between events."""
        if self._rest:
            self._lines.append(bytes(self._rest))
            self._rest.clear()
        return self._event() if self._lines else None

    def _keep(self, part: bytes) -> None:
        room = _MOST - self._size
        self._size += len(part)
        self._rest += part if len(part) <= room else part[: max(0, room)]
        if len(part) > room and part.endswith((b"\n", b"\r")):
            self._rest += b"\n"

    def _event(self) -> Event:
        lines, self._lines, self._size = self._lines, [], 0
        if len(lines) == 1 and lines[0].startswith(b"data: "):  # most events are this one line
            return Event("", lines[0][6:].rstrip(b"\r\n"), lines[0])
        name, data = b"", []
        for line in lines:
            field, _, value = line.rstrip(b"\r\n").partition(b":")
            value = value.removeprefix(b" ")
            if field == b"data":
                data.append(value)
            elif field == b"event":
                name = value
        return Event(name[:100].decode("utf-8", "replace"), b"\n".join(data), b"".join(lines))


def read_event(raw: bytes) -> Event:
    """The first event with data in some bytes, else the last one without; for events already split."""
    if raw.startswith(b"data: ") and b"\n" not in raw and b"\r" not in raw and len(raw) <= _MOST:
        return Event("", raw[6:], raw)
    reader = EventReader()
    events = reader.feed(raw)
    last = reader.end()
    if last is not None:
        events.append(last)
    with_data = (event for event in events if event.data)
    return next(with_data, events[-1] if events else Event("", b"", b""))
