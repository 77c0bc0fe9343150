"""The file of a store: opened by each process for itself, made private, set aside when it is damaged.

Nothing foreign is written, renamed or switched to another mode: a file is ours by its application id.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores.base import StoreBusy
from massgen_plugins.rate_limit.stores.fair_lock import FairLock
from massgen_plugins.rate_limit.stores.process import forks

__all__ = ["APPLICATION_ID", "FORMAT", "SqliteFile", "stamp_of"]

APPLICATION_ID = 0x4D47524C
"""Written in the header of every file of ours: MGRL."""

FORMAT = 5
"""``user_version`` of the file."""

_OLD_FORMATS = (1, 2, 3, 4)
_OLD_TABLES = {"clock", "secret", "scope"}
_HEADER = b"SQLite format 3\x00"
_LOOK = 0.5
"""Seconds between two looks at whether it is still the same file."""

_SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT};
CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), boot TEXT NOT NULL, offset INTEGER NOT NULL);
CREATE TABLE domain (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    tick INTEGER NOT NULL      -- when it was last written, on the store's clock
) WITHOUT ROWID;
CREATE TABLE part (
    domain TEXT NOT NULL, name TEXT NOT NULL,
    version INTEGER NOT NULL,  -- of the domain when the part was last written
    data BLOB NOT NULL,
    PRIMARY KEY (domain, name)
);
"""


class SqliteFile:
    """One file, and this process's connection to it.

    Args:
        path: Where.
        report: Told, in one sentence, of a file that was set aside.
        opened: Called within a transaction whenever the file was opened.
    """

    def __init__(
        self, path: Path, report: Callable[[str], None], opened: Callable[[sqlite3.Connection], None]
    ) -> None:
        self.path = Path(os.path.realpath(path))  # a dangling link is followed by us, not by SQLite
        self._report = report
        self._opened = opened
        self._lock = FairLock(self.path.with_name(self.path.name + ".lock"))
        self.forked()

    def forked(self) -> None:
        """Begin anew: what a parent holds open is not its child's to use, nor to close."""
        self._lock.forked()
        self._connection: sqlite3.Connection | None = None
        self._forks = forks()
        self._inode = 0
        self._looked = 0.0

    @contextmanager
    def transaction(self, *, patient: bool) -> Iterator[sqlite3.Connection]:
        """The one write transaction of one thread; what was done in it is kept if nothing is raised.

        Raises:
            StoreBusy: Another process is writing, or the file was damaged and has been set aside: ask again.
            StoreUnavailable: It cannot be used.
        """
        if self._connection is None and not patient:
            raise StoreBusy  # opening may take long
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.enter(patient=patient)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except BaseException as error:
            explained = self._explain(error)
            if self._connection is not None:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
            raise explained from error
        finally:
            self._lock.leave()

    def checkpoint(self) -> None:
        """Bring what was written into the file proper, by a connection of its own, beside whoever writes."""
        try:
            connection = sqlite3.connect(self.path, timeout=0, isolation_level=None)
        except sqlite3.Error:
            return
        with suppress(sqlite3.Error):
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        connection.close()

    def close(self) -> None:
        """Close it; it is opened again when it is used again."""
        with (
            self._lock.threads
        ):  # a connection that is closed while another thread uses it crashes the process
            if self._connection is not None and self._forks == forks():
                self._connection.close()
            self._connection = None
            self._lock.close()

    def _open(self) -> sqlite3.Connection:
        now = time.monotonic()
        if self._connection is not None and now < self._looked + _LOOK:
            return self._connection
        self._looked = now
        if self._connection is not None and self._inode == _inode(self.path):
            return self._connection
        # Another file may stand there by now: deleted by hand, or set aside by another process.
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        fresh = self._prepare()
        connection = sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            # Nobody who writes shall wait for the disk: see `checkpoint`.
            connection.execute("PRAGMA wal_autocheckpoint = 20000")
            connection.execute("BEGIN IMMEDIATE")
            if fresh and not connection.execute("PRAGMA application_id").fetchone()[0]:
                for statement in _SCHEMA.split(";\n"):
                    connection.execute(statement)
            self._opened(connection)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _prepare(self) -> bool:
        """Make sure that what stands there is ours; True if it is empty yet."""
        with suppress(FileExistsError):
            # SQLite gives its side files the mode of the file itself. One that is there must not be opened by
            # hand: closing it would drop the locks that other connections of this process hold.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        self._inode = _inode(self.path)
        stamp = stamp_of(self.path)
        if stamp is None:
            return True
        application, version = stamp
        if (application, version) == (APPLICATION_ID, FORMAT):
            return False
        if application == APPLICATION_ID and version > FORMAT:
            raise StoreUnavailable(
                f"{self.path} was written by a newer version of massgen-plugins (format {version}, this one "
                f"reads {FORMAT}): install the same version everywhere, or set another store."
            )
        if application == 0 and version in _OLD_FORMATS and _tables(self.path) >= _OLD_TABLES:
            self._set_aside(f"is of format {version}, of a version before the first release")
            return self._prepare()
        raise StoreUnavailable(
            f"{self.path} is not a file of massgen-plugins; nothing in it was changed. Set another store, or "
            "move the file away."
        )

    def _explain(self, error: BaseException) -> BaseException:
        """An error in our words; a damaged file is set aside by the way."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return StoreBusy()
        damaged = code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
        undecodable = isinstance(error, UnicodeDecodeError | TypeError | ValueError)
        if damaged or undecodable or (isinstance(error, sqlite3.DatabaseError) and not code):
            self._set_aside("was damaged")
            return StoreBusy()
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
            return  # another process was quicker: what stands there now is good
        kept = self.path.with_name(f"{self.path.name}.aside-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                self.path.with_name(self.path.name + suffix).rename(kept.with_name(kept.name + suffix))
        self._report(f"{self.path} {why}; it is kept as {kept.name}, and a new one is begun.")


def stamp_of(path: Path) -> tuple[int, int] | None:
    """Application id and user version in a file's header; None if the file is empty.

    A file that is not SQLite's has the stamp (-1, 0).
    """
    # By SQLite itself, read-only: opening and closing the file by hand would drop this process's locks on it.
    if path.stat().st_size == 0:
        return None
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=0)
    try:
        application = int(connection.execute("PRAGMA application_id").fetchone()[0])
        return application, int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise
        return -1, 0
    finally:
        connection.close()


def _tables(path: Path) -> set[str]:
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=0)
    try:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {str(name) for (name,) in rows}
    except sqlite3.DatabaseError:
        return set()
    finally:
        connection.close()


def _inode(path: Path) -> int:
    """Names the file itself, wherever it is moved; 0 if there is none."""
    try:
        return os.stat(path).st_ino  # noqa: PTH116 - on every transaction, and half as long as Path.stat
    except FileNotFoundError:
        return 0
