"""One SQLite file, shared by processes: private, opened when needed, its errors told in our words."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores.base import StoreBusy

__all__ = ["SqliteFile"]

_LOCK_WAIT = 0.005
"""Seconds for which SQLite itself waits for a lock; a caller's event loop stands still meanwhile."""

_LOCKED_OUT = 5.0
"""Seconds of an uninterrupted lock after which the file counts as unavailable."""


class SqliteFile:
    """A file and this process's connection to it.

    Args:
        path: Made with mode 0600, its directory with 0700, when it is first used.
        prepare: Called with each new connection, within a transaction, before anything else.
        report: Told, in one sentence, when a broken file had to be set aside.
    """

    def __init__(
        self, path: Path, prepare: Callable[[sqlite3.Connection], None], report: Callable[[str], None] | None
    ) -> None:
        self.path = path
        self._prepare = prepare
        self._report = report
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._opened = (0, 0)
        self._locked_since: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether this process (not one that it was forked from) has it open."""
        return self._connection is not None and self._opened[0] == os.getpid()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One write transaction of one thread, committed at the end or rolled back.

        Raises:
            StoreBusy: Another process is writing, or the file was damaged and has been set aside: ask again.
            StoreUnavailable: It cannot be used.
        """
        with self._lock, self._translated():
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            self._locked_since = None
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close it; it is opened again when it is used again."""
        with self._lock:
            if self._connection is not None and self.is_open:
                self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._opened == (os.getpid(), _identity(self.path)):
            return self._connection
        self.close()  # another file may stand there by now: deleted by hand, or set aside by another process
        _make_private(self.path)
        self._opened = (os.getpid(), _identity(self.path))
        connection = sqlite3.connect(
            self.path, timeout=_LOCK_WAIT, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            self._prepare(connection)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                self._note_lock()
                raise StoreBusy from error
            raise StoreUnavailable(f"{self.path} cannot be used: {error}.") from error
        except sqlite3.DatabaseError as error:
            self._set_aside(error)
            raise StoreBusy from error
        except OSError as error:
            raise StoreUnavailable(f"{self.path} cannot be used: {error.strerror or error}.") from error

    def _note_lock(self) -> None:
        now = time.monotonic()
        self._locked_since = self._locked_since or now
        if now - self._locked_since > _LOCKED_OUT:
            self._locked_since = None
            raise StoreUnavailable(f"{self.path} has been locked by another program for {_LOCKED_OUT:g} s.")

    def _set_aside(self, error: Exception) -> None:
        damaged = self._opened[1]
        self.close()
        if _identity(self.path) != damaged:
            return  # another process was quicker: what stands there now is good
        kept = self.path.with_name(f"{self.path.name}.broken-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                self.path.with_name(self.path.name + suffix).rename(kept.with_name(kept.name + suffix))
        if self._report is not None:
            self._report(
                f"{self.path} was damaged ({error}); it is kept as {kept.name}, and counting begins anew."
            )


def _make_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # SQLite gives its side files the mode of the file itself.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _identity(path: Path) -> int:
    """Names the file itself, wherever it is moved; 0 if there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0
