"""The record's file: private, written in batches, bounded by age and size.

Only files with our application ID are ever written or renamed.
"""

from __future__ import annotations

import ctypes
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores.process import forks

__all__ = ["APPLICATION_ID", "COLUMNS", "FORMAT", "RecordBusy", "RecordFile", "is_ours"]

APPLICATION_ID = 0x4D474343
"""Application ID in the header of every record: MGCC."""

FORMAT = 1
"""``user_version`` of the file."""

COLUMNS = (
    *("time", "run", "agent", "model", "requested_model", "provider", "account", "endpoint", "number"),
    *("attempt", "waited", "seconds", "status", "outcome", "input", "output", "cached", "cache_write"),
    *("reasoning", "audio_input", "audio_output", "cost", "parts", "source", "dated"),
)
"""Columns of the table ``call``, without ``id``."""

_SCHEMA = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {FORMAT}",
    """CREATE TABLE run (
        name TEXT PRIMARY KEY, file TEXT NOT NULL, started REAL NOT NULL, log_dir TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE call (
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- a number that was given is never given again
        time REAL NOT NULL,
        run TEXT NOT NULL, agent TEXT NOT NULL, model TEXT NOT NULL, requested_model TEXT NOT NULL,
        provider TEXT NOT NULL, account TEXT NOT NULL, endpoint TEXT NOT NULL,
        number INTEGER NOT NULL, attempt INTEGER NOT NULL,
        waited REAL NOT NULL, seconds REAL NOT NULL, status INTEGER NOT NULL, outcome TEXT NOT NULL,
        input INTEGER, output INTEGER, cached INTEGER, cache_write INTEGER,  -- NULL: the provider did not say
        reasoning INTEGER, audio_input INTEGER, audio_output INTEGER,
        cost INTEGER,                          -- millionths of a micro-dollar; NULL: not known
        parts TEXT NOT NULL, source TEXT NOT NULL, dated TEXT NOT NULL
    )""",
    "CREATE INDEX call_time ON call (time)",
)
_INSERT = f"INSERT INTO call ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608 - names of ours
_INSERT_RUN = (
    "INSERT INTO run VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET log_dir = excluded.log_dir "
    "WHERE excluded.log_dir <> ''"
)
_PATIENCE = 5.0
"""Seconds that the worker waits for another process to finish writing."""

_PRUNE_EVERY = 2_000
"""Calls between checks of age and size."""

_DAY = 86_400.0
_MEGABYTE = 1_000_000
_SMALLER = 0.9
"""Fraction of the maximum size to which a file is pruned."""


class RecordBusy(StoreUnavailable):
    """Another process holds the file for too long."""


class RecordFile:
    """A file, and this process's connection to it. For one thread at a time; may block on I/O.

    Args:
        path: The file.
        days: Calls older than this are removed.
        megabytes: The oldest calls are removed when the file is larger.
        report: Called with one sentence about a file that was set aside.
    """

    def __init__(self, path: Path, days: int, megabytes: int, report: Callable[[str], None]) -> None:
        self.path = Path(os.path.realpath(path))
        self._oldest = days * _DAY
        self._largest = megabytes * _MEGABYTE
        self._report = report
        self._connection: sqlite3.Connection | None = None
        self._forks = forks()
        self._inode = 0
        self._until_pruned = 0

    def append(self, runs: Iterable[Sequence[object]], calls: Sequence[Sequence[object]]) -> None:
        """Add runs (name, file, started, log_dir) and calls (``COLUMNS``) in one transaction.

        Raises:
            StoreUnavailable: They could not be written; the message says why.
        """
        try:
            self._write(runs, calls)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise self._unusable(error) from error
            self._set_aside("was damaged")
            try:
                self._write(runs, calls)
            except (OSError, sqlite3.Error) as again:
                raise self._unusable(again) from again
        except OSError as error:
            raise self._unusable(error) from error

    def close(self) -> None:
        """Close the connection; the next write reopens it."""
        if self._connection is not None:
            if self._forks == forks():
                self._connection.close()
            else:  # closing an inherited connection would drop the parent's locks
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._connection))
            self._connection = None

    def _write(self, runs: Iterable[Sequence[object]], calls: Sequence[Sequence[object]]) -> None:
        connection = self._open()
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_INSERT_RUN, runs)
            connection.executemany(_INSERT, calls)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        self._until_pruned -= len(calls)
        if self._until_pruned <= 0:
            self._until_pruned = _PRUNE_EVERY
            self._prune(connection)

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._forks == forks() and _inode(self.path) == self._inode:
            return self._connection
        self.close()
        self._forks = forks()
        self._prepare()
        connection = sqlite3.connect(
            self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # must precede the first table
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            if not connection.execute("PRAGMA application_id").fetchone()[0]:
                for statement in _SCHEMA:
                    connection.execute(statement)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _prepare(self) -> None:
        """Create the record, or check that the file is one."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        if not is_ours(self.path):
            raise StoreUnavailable(
                f"{self.path} is not a record of calls that this version can read; nothing in it was "
                "changed. Calls continue, but are not recorded: move it away, or set record: false under "
                "rate_limit."
            )
        self._inode = _inode(self.path)

    def _prune(self, connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM call WHERE time < ?", (time.time() - self._oldest,))
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        used = (pages - free) * size
        if used > self._largest:
            share = 1 - _SMALLER * self._largest / used
            connection.execute(
                "DELETE FROM call WHERE id <= (SELECT min(id) + (max(id) - min(id)) * ? FROM call)", (share,)
            )
        connection.execute(
            "DELETE FROM run WHERE started < ? AND name NOT IN (SELECT run FROM call)",
            (time.time() - self._oldest,),
        )
        connection.execute("PRAGMA incremental_vacuum").fetchall()

    def _set_aside(self, why: str) -> None:
        known = self._inode
        self.close()
        if known and _inode(self.path) != known:
            return  # another process has already replaced it
        kept = self.path.with_name(f"{self.path.name}.aside-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                self.path.with_name(self.path.name + suffix).rename(kept.with_name(kept.name + suffix))
        self._report(f"{self.path} {why}; it was renamed to {kept.name}, and a new file was started.")

    def _unusable(self, error: Exception) -> StoreUnavailable:
        kind = RecordBusy if _is_busy(error) else StoreUnavailable
        what = getattr(error, "strerror", None) or (error if isinstance(error, sqlite3.Error) else "")
        return kind(
            f"The record of calls cannot be written ({self.path}: {what or type(error).__name__}): calls "
            "continue, and are recorded once that is fixed; or set record: false under rate_limit."
        )


def is_ours(path: Path) -> bool:
    """Whether a file is empty, or a record that this version can read."""
    if path.stat().st_size == 0:
        return True
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if application:
            return bool((application, version) == (APPLICATION_ID, FORMAT))
        return not version and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.OperationalError:
        raise  # locked or unreadable: says nothing about its content
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} or (
        code == sqlite3.SQLITE_ERROR and "no such" in str(error)  # a table is missing
    )


def _is_busy(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0
