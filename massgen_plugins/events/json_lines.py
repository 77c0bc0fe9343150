"""Events as lines of JSON in a file that all processes of a user share, kept small by rotation."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from massgen_plugins.events import Event
from massgen_plugins.events.sink import EventSink
from massgen_plugins.quota import Pool

__all__ = ["JsonLines", "as_row"]

_PATIENCE = 2.0


def as_row(event: Event, at: float) -> dict[str, Any]:
    """An event as plain values: its kind, its moment, its process, the pool in parts, and its own fields."""
    row: dict[str, Any] = {"time": round(at, 3), "event": type(event).__name__, "pid": os.getpid()}
    for each in fields(event):
        value = getattr(event, each.name)
        if isinstance(value, Pool):
            domain = value.domain
            row |= {"provider": domain.provider, "account": domain.account, "model": value.name}
            if domain.endpoint:
                row["endpoint"] = domain.endpoint
        elif each.name not in row:
            row[each.name] = value
    return row


class JsonLines(EventSink):
    """Appends to a file; of mode 0600, in a directory of mode 0700.

    Args:
        path: The file. Older lines are in ``NAME.1``, ``NAME.2`` and so on.
        most_bytes: Of the file, before another one is begun.
        kept: How many older files are kept.
    """

    def __init__(self, path: Path, most_bytes: int = 10_000_000, kept: int = 3) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._kept = kept

    def take(self, events: Sequence[tuple[float, Event]]) -> None:
        """Write them as one piece, so that lines of several processes do not mix."""
        rows = (json.dumps(as_row(event, at), default=str, separators=(",", ":")) for at, event in events)
        data = "".join(f"{row}\n" for row in rows).encode("utf-8", "replace")
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
        from filelock import FileLock  # needed once in ten megabytes

        with FileLock(self._older("lock"), mode=0o600).acquire(_PATIENCE):
            if self._size() + more <= self._most_bytes:
                return  # another process was quicker
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
