"""A lock in front of a file that processes share, so that under load each of them gets its turn.

Those who wait for SQLite's own lock sleep longer each time, up to a tenth of a second, and some never get it.
Who waits for this one looks again after 50 microseconds to 2 ms; the processes' queue says who goes first.
It is a file of its own, since opening and closing a database file by hand drops the locks that SQLite has on
it. Where the system has no such locks (Windows), SQLite's own is all there is.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from massgen_plugins.rate_limit.stores.base import StoreBusy
from massgen_plugins.rate_limit.stores.process import forks

try:
    import fcntl
except ImportError:  # a system without such locks relies on SQLite's
    fcntl = None  # type: ignore[assignment]  # it is asked for before each use

__all__ = ["FairLock"]

_TRIES = 4
_PAUSE = 0.00005
_LONGEST_PAUSE = 0.002
_PATIENCE = 5.0
"""Seconds after which a lock that is held by somebody else counts as unavailable."""

_SAME_PROCESS = 0.0003
"""Seconds for which an event loop may stand still because another thread of its process is inside."""


class FairLock:
    """Lets in one thread of one process at a time.

    Args:
        path: The file of the lock; made with mode 0600. Nothing is ever written into it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.forked()

    def forked(self) -> None:
        """Begin anew: a child neither holds its parent's lock nor may use its file."""
        self.threads = threading.RLock()
        """Whoever has it is the only thread of this process that holds the lock, or is about to."""
        self.depth = 0
        """How often that thread has entered without leaving."""
        self._file = -1
        self._forks = forks()

    def enter(self, *, patient: bool) -> None:
        """Take the lock; a thread that has it may enter again.

        Raises:
            StoreBusy: Somebody has it, and this thread is not to wait.
            OSError: The file cannot be used.
        """
        if not self.threads.acquire(timeout=_PATIENCE if patient else _SAME_PROCESS):
            raise StoreBusy
        try:
            if fcntl is not None and not self.depth:
                self._lock_file(patient=patient)
            self.depth += 1
        except BaseException:
            self.threads.release()
            raise

    def leave(self) -> None:
        """Let in the next one, when it was entered no more often."""
        self.depth -= 1
        if fcntl is not None and not self.depth and self._file >= 0:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self.threads.release()

    def close(self) -> None:
        """Release the file; it is opened again when it is needed again."""
        with self.threads:
            if self._file >= 0 and self._forks == forks():
                os.close(self._file)
            self._file = -1

    def _lock_file(self, *, patient: bool) -> None:
        assert fcntl is not None  # noqa: S101 - asked only then
        if self._file < 0:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + _PATIENCE
        attempt = 0
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                attempt += 1
                if attempt >= _TRIES and (not patient or time.monotonic() > deadline):
                    raise StoreBusy from None
                # Whoever is inside needs some microseconds; one that is stopped inside is not waited for.
                time.sleep(min(_PAUSE * attempt, _LONGEST_PAUSE if patient else _PAUSE * _TRIES))
            else:
                return
