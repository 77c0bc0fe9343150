"""What providers refused, and what we did about it: the last some hundred, kept for `massgen-rl why`.

A file of JSON lines in the user's state directory, readable by its owner only. It holds the providers' own
words as events carry them (at most 200 characters, secrets masked), and no key, prompt or answer.
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
    """Where it is; None when the user has no home."""
    from platformdirs import user_state_path

    try:
        path = user_state_path(_APPLICATION, appauthor=False)
    except RuntimeError:  # no home, by some versions of platformdirs; a relative path by others
        return None
    return path / "refusals.jsonl" if path.is_absolute() else None


class RefusalLog:
    """Appends to the file, on a thread of its own; what cannot be written is lost, and disturbs nobody.

    Args:
        path: The file.
        worker: Writes; a thread of its own if None.
    """

    def __init__(self, path: Path, worker: Worker | None = None) -> None:
        self._path = path
        self._worker = worker or WorkerThread("massgen-plugins-refusals")
        self.forked()
        after_fork(self)

    def forked(self) -> None:
        """A child writes what happened in itself."""
        self._lock = threading.Lock()
        self._kept: deque[Mapping[str, Any]] = deque(maxlen=_MOST_WAITING)

    def add(self, entry: Mapping[str, Any]) -> None:
        """Keep what JSON can say. Quick, from any thread."""
        self._kept.append(entry)
        self._worker.remind(self.write)

    def write(self) -> None:
        """Write what was kept so far."""
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
    """The entries, the oldest first; what cannot be read is left out."""
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
