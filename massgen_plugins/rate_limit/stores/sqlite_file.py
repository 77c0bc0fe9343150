"""The file of a SQLite store: opened per process, private, set aside when damaged.

A foreign file is never written, renamed or switched to another mode: ours have our application id.
"""

from __future__ import annotations

import ctypes
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores.base import StoreBusy, StoreReplaced
from massgen_plugins.rate_limit.stores.fair_lock import FairLock
from massgen_plugins.rate_limit.stores.new_file import open_shared
from massgen_plugins.rate_limit.stores.process import forks
from massgen_plugins.rate_limit.stores.sqlite_format import (
    APPLICATION_ID,
    FORMAT,
    FileKind,
    inspect,
    is_busy,
    unusable_sentence,
)

__all__ = ["SqliteFile", "Transaction"]

_OPEN_WAIT = 1.0
"""Seconds for which a patient thread waits for readers while it opens the file."""

_FOREIGN_LOCK_WAIT = 5000
"""Milliseconds for which a patient thread waits for a writer that does not use the fair lock."""

_RECHECK = 0.5
"""Seconds between checks that the path still names the same file."""

_SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT};
CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), boot TEXT NOT NULL, offset INTEGER NOT NULL);
CREATE TABLE part (
    domain TEXT NOT NULL,
    name TEXT NOT NULL,        -- empty in the row of the domain itself
    version INTEGER NOT NULL,  -- of the domain when the part was last written
    tick INTEGER NOT NULL,     -- when that was, on the store's clock
    data BLOB NOT NULL,
    PRIMARY KEY (domain, name)
) WITHOUT ROWID;
"""


class Transaction:
    """A transaction as a context manager; nested ones join the outer one.

    Args:
        file: The file.
        patient: Whether this thread may block.
        foreign: Whether errors raised inside are unrelated to the file.
    """

    __slots__ = ("_file", "_foreign", "_patient")

    def __init__(self, file: SqliteFile, *, patient: bool, foreign: bool = False) -> None:
        self._file = file
        self._patient = patient
        self._foreign = foreign

    def __enter__(self) -> sqlite3.Connection:
        return self._file.begin(patient=self._patient)

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is None:
            self._file.commit()
            return
        translated = self._file.rollback(error, foreign=self._foreign)
        if translated is not error:
            raise translated from error


class SqliteFile:
    """One file, and this process's connection to it.

    Args:
        path: The file's path.
        report: Called with a sentence about a file that was set aside.
        opened: Called in a transaction whenever the file is opened.
    """

    def __init__(
        self, path: Path, report: Callable[[str], None], opened: Callable[[sqlite3.Connection], None]
    ) -> None:
        self.path = Path(os.path.realpath(path))  # resolve dangling links here, not in SQLite
        self._report = report
        self._opened = opened
        self.lock = FairLock(self.path.with_name(self.path.name + ".lock"))
        self.forked()

    def forked(self) -> None:
        """Reset in a forked child, which may neither use nor close its parent's connection."""
        self.lock.forked()
        inherited: sqlite3.Connection | None = getattr(self, "_connection", None)
        if inherited is not None:  # keep it alive: closing it would disturb the parent's transaction
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(inherited))
        self._connection: sqlite3.Connection | None = None
        self._forks = forks()
        self._inode = 0
        self._checked_at = 0.0

    def transaction(self, *, patient: bool) -> Transaction:
        """A write transaction of this thread; it commits unless an error is raised.

        Raises:
            StoreBusy: Another process is writing.
            StoreReplaced: The file was damaged and has been set aside; retry.
            StoreUnavailable: The file cannot be used.
        """
        return Transaction(self, patient=patient)

    def begin(self, *, patient: bool) -> sqlite3.Connection:
        """Begin a :meth:`transaction`."""
        if self._connection is None and not patient:
            raise StoreBusy  # opening may take long
        try:
            if self._connection is None:
                self._make_folder()
            self.lock.enter(patient=patient)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            if self.lock.depth > 1 and self._connection is not None:
                return self._connection
            connection = self._open(_OPEN_WAIT if patient else 0)
            _begin(connection, patient=patient)
        except BaseException as error:
            raise self.rollback(error) from error
        return connection

    def commit(self) -> None:
        """Commit and end the transaction."""
        try:
            if self.lock.depth == 1 and self._connection is not None:
                self._connection.execute("COMMIT")
        except BaseException as error:
            raise self.rollback(error) from error
        self.lock.leave()

    def rollback(self, error: BaseException, *, foreign: bool = False) -> BaseException:
        """Roll back and end the transaction; returns the error, translated.

        Args:
            error: What went wrong.
            foreign: Whether the error is unrelated to the file.
        """
        try:
            translated = error if foreign else self._translate(error)
            if self.lock.depth == 1 and self._connection is not None:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
        finally:
            self.lock.leave()
        return translated

    def checkpoint(self) -> None:
        """Checkpoint the write-ahead log without blocking writers, on a separate connection."""
        try:
            connection = sqlite3.connect(self.path, timeout=0, isolation_level=None)
        except sqlite3.Error:
            return
        with suppress(sqlite3.Error):
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        connection.close()

    def close(self) -> None:
        """Close the connection; the next use opens it again."""
        with self.lock.threads:  # closing a connection that another thread uses crashes the process
            if self._connection is not None and self._forks == forks():
                self._connection.close()
            self._connection = None
            self.lock.close()

    def _open(self, wait: float) -> sqlite3.Connection:
        now = time.monotonic()
        if self._connection is not None and now < self._checked_at + _RECHECK:
            return self._connection
        self._checked_at = now
        if self._connection is not None and self._inode == _inode(self.path):
            return self._connection
        # The file was replaced: deleted by hand, or set aside by another process.
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        fresh = self._prepare(wait)
        connection = sqlite3.connect(self.path, timeout=wait, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            # Writers must not wait for the disk: see `checkpoint`.
            connection.execute("PRAGMA wal_autocheckpoint = 20000")
            connection.execute("BEGIN IMMEDIATE")
            if fresh and not connection.execute("PRAGMA application_id").fetchone()[0]:
                for statement in _SCHEMA.split(";\n"):
                    connection.execute(statement)
            self._opened(connection)
            connection.execute("COMMIT")
            connection.execute("PRAGMA busy_timeout = 0")
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _make_folder(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _prepare(self, wait: float) -> bool:
        """Create the file, or verify that it is ours; True if it is still empty."""
        self._make_folder()
        with suppress(FileExistsError):
            # SQLite gives its side files the mode of the file itself. An existing file must not be opened by
            # hand: closing it would drop the locks of this process's other connections.
            os.close(open_shared(self.path, os.O_EXCL))
        self._inode = _inode(self.path)
        kind, version = inspect(self.path, wait)
        if kind in {FileKind.OURS, FileKind.EMPTY}:
            return kind is FileKind.EMPTY
        if kind is FileKind.OLD:
            self._set_aside(f"is of format {version}, of a version before the first release")
            return self._prepare(wait)
        raise StoreUnavailable(unusable_sentence(self.path, kind, version))

    def _translate(self, error: BaseException) -> BaseException:
        """Translate an error; sets a damaged file aside."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if is_busy(error):
            return StoreBusy()
        damaged = code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
        undecodable = isinstance(error, UnicodeDecodeError | TypeError | ValueError)
        if damaged or undecodable or (isinstance(error, sqlite3.DatabaseError) and not code):
            self._set_aside("was damaged")
            return StoreReplaced()
        if isinstance(error, OSError | sqlite3.Error):
            return self._unusable(error)
        return error

    def _unusable(self, error: Exception) -> StoreUnavailable:
        what = getattr(error, "strerror", None) or (error if isinstance(error, sqlite3.Error) else "")
        return StoreUnavailable(f"{self.path} cannot be used: {what or type(error).__name__}.")

    def _set_aside(self, why: str) -> None:
        known = self._inode
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if _inode(self.path) != known:
            return  # another process has already replaced it
        kept = self.path.with_name(f"{self.path.name}.aside-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                self.path.with_name(self.path.name + suffix).rename(kept.with_name(kept.name + suffix))
        self._report(f"{self.path} {why}; it is kept as {kept.name}, and a new one is begun.")


def _begin(connection: sqlite3.Connection, *, patient: bool) -> None:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if not (patient and is_busy(error)):
            raise
        connection.execute(f"PRAGMA busy_timeout = {_FOREIGN_LOCK_WAIT}")
        try:
            connection.execute("BEGIN IMMEDIATE")
        finally:
            connection.execute("PRAGMA busy_timeout = 0")


def _inode(path: Path) -> int:
    """The inode number, which identifies the file itself; 0 if there is none."""
    try:
        return os.stat(path).st_ino  # noqa: PTH116 - on every transaction, at half the cost of Path.stat
    except FileNotFoundError:
        return 0
