"""Writes events as JSON lines to a rotating file shared by all processes of a user."""

from __future__ import annotations

import json
import os
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, cast

from massgen_plugins.events import CallAdmitted, CallAnswered, Event
from massgen_plugins.events.sink import EventSink
from massgen_plugins.quota import Pool

__all__ = ["JsonLines", "as_row"]

_PATIENCE = 2.0
_ERRORS_START = 400
_WAITED = 0.05
"""Seconds; shorter waits are not logged."""


def as_row(event: Event, at: float) -> dict[str, Any]:
    """Convert an event to a flat JSON object: type, time, process, the pool's parts, and its own fields."""
    kind = type(event)
    row: dict[str, Any] = {"time": round(at, 3), "event": kind.__name__, "pid": os.getpid()}
    pool: Pool | None = getattr(event, "pool", None)
    if pool is not None:
        domain = pool.domain
        row["provider"], row["account"], row["model"] = domain.provider, domain.account, pool.name
        if domain.endpoint:
            row["endpoint"] = domain.endpoint
    for name in _names(cast("Hashable", kind)):
        row[name] = getattr(event, name)
    return row


@cache
def _names(kind: type[object]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind) if each.name != "pool")  # type: ignore[arg-type]  # a dataclass, as all events are


def _as_plain(value: object) -> object:
    """Convert mappings to dicts and anything else that JSON does not know to strings."""
    return dict(value) if isinstance(value, Mapping) else str(value)


_encode = json.JSONEncoder(separators=(",", ":"), default=_as_plain, check_circular=False).encode


class JsonLines(EventSink):
    """Appends to a file of mode 0600, in a directory of mode 0700.

    A call that neither waits nor fails produces a single line, at its end, which includes everything else.

    Args:
        path: The file. Rotated files are named ``NAME.1``, ``NAME.2`` and so on.
        most_bytes: Maximum size of the file before it is rotated.
        kept: Number of rotated files to keep.
    """

    def __init__(self, path: Path, most_bytes: int = 10_000_000, kept: int = 3) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._kept = kept

    def wants(self, event: Event) -> bool:
        """Skip events whose content is repeated at the end of the attempt: short waits and normal answers."""
        if isinstance(event, CallAdmitted):
            return event.waited >= _WAITED
        return not isinstance(event, CallAnswered) or event.status >= _ERRORS_START

    def take(self, events: Sequence[tuple[float, Event]]) -> None:
        """Append them in a single write, so that lines of several processes do not interleave."""
        rows = [_encode(as_row(event, at)) for at, event in events]
        data = ("\n".join(rows) + "\n").encode("utf-8", "replace")
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._rotate(len(data))
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(self._path, flags, 0o600)
        try:
            os.write(handle, data)
        finally:
            os.close(handle)

    def _rotate(self, more: int) -> None:
        if self._size() + more <= self._most_bytes:
            return
        from filelock import FileLock  # deferred: only needed for rotation

        with FileLock(self._older("lock"), mode=0o600).acquire(_PATIENCE):
            if self._size() + more <= self._most_bytes:
                return  # another process has rotated it
            for number in range(self._kept, 1, -1):
                if self._older(number - 1).exists():
                    self._older(number - 1).replace(self._older(number))
            self._path.replace(self._older(1))

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def _older(self, suffix: object) -> Path:
        return self._path.with_name(f"{self._path.name}.{suffix}")
