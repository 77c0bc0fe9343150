"""The door in front of a file that processes share: whoever waits at it is let in in turn.

SQLite's own lock makes those who wait sleep and try again, so that under load some are never lucky. A lock
on a file beside it is granted in order. It is a file of its own, since opening and closing a database file by
hand drops the locks that SQLite holds on it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from massgen_plugins.rate_limit.stores import forks
from massgen_plugins.rate_limit.stores.base import StoreBusy

try:
    import fcntl
except ImportError:  # a system without such locks relies on SQLite's
    fcntl = None  # type: ignore[assignment]

__all__ = ["Gate"]

_TRIES = 4
_PAUSE = 0.00005
_SAME_PROCESS = 0.0003
"""Seconds for which an event loop may stand still because another thread of its process is inside."""


class Gate:
    """Lets in one thread of one process at a time.

    Args:
        path: The file of the lock; made with mode 0600. Nothing is ever written into it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lock = threading.RLock()
        """Whoever has it is the only thread of this process inside, or about to come in."""
        self._patient = threading.local()
        self._file = -1
        self._generation = 0

    @contextmanager
    def patiently(self) -> Iterator[None]:
        """Within it, this thread waits for its turn however long that takes."""
        self._patient.now = True
        try:
            yield
        finally:
            self._patient.now = False

    def enter(self) -> None:
        """Come in, and keep others out.

        Raises:
            StoreBusy: Somebody is inside, and this thread does not want to wait.
        """
        if not self.lock.acquire(blocking=False):
            self._wait_for_thread()
        try:
            if fcntl is not None:
                self._keep_out_processes()
        except BaseException:
            self.lock.release()
            raise

    def leave(self) -> None:
        """Let in the next one."""
        if fcntl is not None and self._file >= 0:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self.lock.release()

    def close(self) -> None:
        """Release the file; it is opened again when it is needed again."""
        with self.lock:
            if self._file >= 0 and self._generation == forks.generation:
                os.close(self._file)
            self._file = -1

    def _is_patient(self) -> bool:
        return getattr(self._patient, "now", False)

    def _wait_for_thread(self) -> None:
        if not self.lock.acquire(timeout=-1 if self._is_patient() else _SAME_PROCESS):
            raise StoreBusy

    def _keep_out_processes(self) -> None:
        if self._file < 0 or self._generation != forks.generation:  # a child would share its parent's lock
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._generation = forks.generation
        for attempt in range(_TRIES):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self._is_patient():
                    fcntl.flock(self._file, fcntl.LOCK_EX)
                    return
                time.sleep(_PAUSE * attempt)  # whoever is inside needs some microseconds
            else:
                return
        raise StoreBusy
