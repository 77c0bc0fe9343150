"""A lock in front of a shared SQLite file, so that no process starves under load.

Waiters for SQLite's own lock back off up to a tenth of a second, and some never get it. Waiters for this one
retry after 50 microseconds to 2 ms; which call goes first is up to the queue. It is a separate file, since
opening and closing a database file by hand drops SQLite's locks on it. Where the system has no such locks
(Windows), only SQLite's own is used.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from massgen_plugins.rate_limit.stores.base import StoreBusy
from massgen_plugins.rate_limit.stores.new_file import open_shared
from massgen_plugins.rate_limit.stores.process import forks

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # checked before each use

__all__ = ["FairLock"]

_TRIES = 4
_PAUSE = 0.00005
_LONGEST_PAUSE = 0.002
_PATIENCE = 5.0
"""Seconds after which a patient thread gives up."""

_THREAD_WAIT = 0.0003
"""Seconds for which an event loop may block on another thread of its process."""


class FairLock:
    """A reentrant lock, held by one thread of one process at a time.

    Args:
        path: The lock file; created with mode 0600, and always empty.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.forked()

    def forked(self) -> None:
        """Reset in a forked child, which neither holds its parent's lock nor may use its file."""
        self.threads = threading.RLock()
        """Excludes other threads of this process."""
        self.depth = 0
        """How many times its thread has entered without leaving."""
        self._file = -1
        self._forks = forks()

    def enter(self, *, patient: bool) -> None:
        """Acquire the lock; reentrant.

        Raises:
            StoreBusy: It is held, and this thread is not patient, or its patience has run out.
            OSError: The file cannot be used.
        """
        if not self.threads.acquire(timeout=_PATIENCE if patient else _THREAD_WAIT):
            raise StoreBusy
        try:
            if fcntl is not None and not self.depth:
                self._lock_file(patient=patient)
            self.depth += 1
        except BaseException:
            self.threads.release()
            raise

    def leave(self) -> None:
        """Release the lock, once for each :meth:`enter`."""
        self.depth -= 1
        if fcntl is not None and not self.depth and self._file >= 0:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self.threads.release()

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self.threads:
            if self._file >= 0 and self._forks == forks():
                os.close(self._file)
            self._file = -1

    def _lock_file(self, *, patient: bool) -> None:
        assert fcntl is not None  # noqa: S101 - checked by the callers
        if self._file < 0:
            self._file = open_shared(self._path)
        deadline = time.monotonic() + _PATIENCE
        attempt = 0
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                attempt += 1
                if attempt >= _TRIES and (not patient or time.monotonic() > deadline):
                    raise StoreBusy from None
                # The holder needs microseconds, unless its process is stopped.
                time.sleep(min(_PAUSE * attempt, _LONGEST_PAUSE if patient else _PAUSE * _TRIES))
            else:
                return
