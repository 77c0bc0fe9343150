"""The log of recent refusals and our reactions, a few hundred entries, read by `massgen-rl why`.

A file of JSON lines in the user's state directory, readable by its owner only. It contains the providers'
messages as in events (at most 200 characters, secrets masked), and no key, prompt or answer.
"""

from __future__ import annotations

import json
import os
import stat
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from massgen_plugins.rate_limit.stores.process import after_fork
from massgen_plugins.rate_limit.stores.worker import Worker, WorkerThread

__all__ = ["RefusalLog", "read_refusals", "refusals_file"]

_APPLICATION = "massgen-plugins"
_MOST_BYTES = 262_144
_KEPT_BYTES = 131_072
_MOST_WAITING = 1_000


def refusals_file() -> Path | None:
    """Path of the log; None if the user has no home directory."""
    from platformdirs import user_state_path

    try:
        path = user_state_path(_APPLICATION, appauthor=False)
    except RuntimeError:  # no home: some versions of platformdirs raise, others return a relative path
        return None
    return path / "refusals.jsonl" if path.is_absolute() else None


class RefusalLog:
    """Appends to the file on a worker thread; entries that cannot be written are dropped.

    Args:
        path: The file.
        worker: The thread that writes; None for a new one.
    """

    def __init__(self, path: Path, worker: Worker | None = None) -> None:
        self._path = path
        self._worker = worker or WorkerThread("massgen-plugins-refusals")
        self.forked()
        after_fork(self)

    def forked(self) -> None:
        """Reset after a fork: the child logs its own events only."""
        self._lock = threading.Lock()
        self._kept: deque[Mapping[str, Any]] = deque(maxlen=_MOST_WAITING)

    def add(self, entry: Mapping[str, Any]) -> None:
        """Queue an entry of JSON values. Fast and thread-safe."""
        self._kept.append(entry)
        self._worker.remind(self.write)

    def write(self) -> None:
        """Write the queued entries."""
        with self._lock, suppress(OSError, ValueError):
            lines = [json.dumps(self._kept.popleft()) for _ in range(len(self._kept))]
            if lines:
                self._append("".join(f"{line}\n" for line in lines).encode())

    def _append(self, data: bytes) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(self._path, flags, 0o600), "ab+") as file:
            file.write(data)
            if file.tell() <= _MOST_BYTES:
                return
            file.seek(-_KEPT_BYTES, os.SEEK_END)
            rest = file.read().partition(b"\n")[2]
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, flags | os.O_TRUNC, 0o600), "wb") as file:
            file.write(rest)
        draft.replace(self._path)


def read_refusals(path: Path | None) -> list[dict[str, Any]]:
    """The entries, oldest first, without those that cannot be read."""
    if path is None:
        return []
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    with suppress(OSError, ValueError), os.fdopen(os.open(path, flags), "rb") as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return list(_entries(file.read(2 * _MOST_BYTES).splitlines()))
    return []


def _entries(lines: Iterable[bytes]) -> Iterable[dict[str, Any]]:
    for line in lines:
        with suppress(ValueError, RecursionError):
            entry = json.loads(line)
            if isinstance(entry, dict) and isinstance(entry.get("time"), int | float):
                yield entry
