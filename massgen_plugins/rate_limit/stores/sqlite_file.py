"""One SQLite file, shared by processes: private, opened when needed, its errors told in our words."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores import forks
from massgen_plugins.rate_limit.stores.base import StoreBusy
from massgen_plugins.rate_limit.stores.gate import Gate

__all__ = ["SqliteFile"]

_LOCK_WAIT = 0.005
"""Seconds for which SQLite itself waits for a program that does not come through the gate."""


_NOT_OPENED = (-1, 0)
"""In which generation of processes it was opened, and which file it was."""

_MAGIC = b"SQLite format 3\0"

_GLANCE = 0.1
"""Seconds for which it is taken for granted that the file still stands where it stood."""


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
        self._lock = path.with_name(f"{path.name}.lock")
        self._gate = Gate(self._lock)
        self._connection: sqlite3.Connection | None = None
        self._opened = _NOT_OPENED
        self._looked = 0.0

    @property
    def is_open(self) -> bool:
        """Whether this process (not one that it was forked from) has it open."""
        return self._connection is not None and self._opened[0] == forks.generation

    def patiently(self) -> AbstractContextManager[None]:
        """Within it, this thread waits for its turn instead of raising ``StoreBusy``."""
        return self._gate.patiently()

    def begin(self) -> sqlite3.Connection:
        """Begin the one write transaction of one thread, to be ended by :meth:`commit` or :meth:`roll_back`.

        Raises:
            StoreBusy: Another process is writing, or the file was damaged and has been set aside: ask again.
            StoreUnavailable: It cannot be used.
        """
        if self._opened[0] != forks.generation:
            self._enter_process()
        try:
            self._gate.enter()
        except OSError as error:
            raise self._unusable(error) from error
        try:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
        except BaseException as error:
            self._gate.leave()
            raise self.explain(error) from error
        return connection

    def commit(self) -> None:
        """Keep what was done; if that fails, call :meth:`roll_back`."""
        if self._connection is not None:
            self._connection.execute("COMMIT")
        self._gate.leave()

    def roll_back(self) -> None:
        """Undo what was done."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
        self._gate.leave()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """As :meth:`begin`, and one of its ends."""
        connection = self.begin()
        try:
            yield connection
            self.commit()
        except BaseException as error:
            explained = self.explain(error)
            self.roll_back()
            raise explained from error

    def explain(self, error: BaseException) -> BaseException:
        """An error in our words; a damaged file is set aside by the way. To be called within the gate."""
        # What Python itself cannot read has no number.
        if isinstance(error, sqlite3.OperationalError) and hasattr(error, "sqlite_errorcode"):
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                return StoreBusy()
            return self._unusable(error)
        # Not even SQLite's own complaint can be read if the damage is within a name.
        if isinstance(error, sqlite3.DatabaseError | UnicodeDecodeError):
            self._set_aside(error)
            return StoreBusy()
        return self._unusable(error) if isinstance(error, OSError) else error

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
        with self._gate.lock:  # a connection that is closed while another thread uses it crashes the process
            if self._connection is not None and self.is_open:
                self._connection.close()
            self._connection = None
            self._opened = _NOT_OPENED
            self._gate.close()

    def _open(self) -> sqlite3.Connection:
        now = time.monotonic()
        if self._connection is not None and now < self._looked + _GLANCE:
            return self._connection
        self._looked = now
        if self._connection is not None and self._opened[1] == _identity(self.path):
            return self._connection
        # Another file may stand there by now: deleted by hand, or set aside by another process.
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        _touch(self.path)
        self._opened = (forks.generation, _identity(self.path))
        connection = sqlite3.connect(
            self.path, timeout=_LOCK_WAIT, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            # Nobody who writes shall wait for the disk: see `checkpoint`.
            connection.execute("PRAGMA wal_autocheckpoint = 20000")
            connection.execute("BEGIN IMMEDIATE")
            self._prepare(connection)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _enter_process(self) -> None:
        """The first use in this process, or in a forked child: what the parent had open is not ours."""
        self._connection = None
        self._opened = _NOT_OPENED
        self._look_for_others()
        self._opened = (forks.generation, 0)
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from error

    def _look_for_others(self) -> None:
        """Leave alone what stands there and was never a store: settings of others may have named it."""
        if self._lock.exists():
            return  # it has been used as one
        try:
            foreign = _is_foreign(self.path)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error
        if foreign:
            raise StoreUnavailable(
                f"{self.path} is not a store of massgen-plugins, and is left as it is: name another."
            )

    def _unusable(self, error: Exception) -> StoreUnavailable:
        what = getattr(error, "strerror", None) or _shown(error)
        return StoreUnavailable(f"{self.path} cannot be used: {what}.")

    def _set_aside(self, error: Exception) -> None:
        damaged = self._opened[1]
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if _identity(self.path) != damaged:
            return  # another process was quicker: what stands there now is good
        kept = self.path.with_name(f"{self.path.name}.broken-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                self.path.with_name(self.path.name + suffix).rename(kept.with_name(kept.name + suffix))
        if self._report is not None:
            self._report(
                f"{self.path} was damaged ({_shown(error)}); "
                f"it is kept as {kept.name}, and counting begins anew."
            )


def _is_foreign(path: Path) -> bool:
    """Whether there is something else than a store; it is only read."""
    if not path.is_file() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            return True
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    return bool(tables) and not {"clock", "scope"} <= tables


def _shown(error: Exception) -> str:
    """SQLite's own words, which may quote what is in the file: only what is surely legible of them."""
    legible = isinstance(error, OSError) or hasattr(error, "sqlite_errorcode")
    text = str(error) if legible or str(error).startswith("malformed") else "malformed"
    return "".join(each if each.isascii() and each.isprintable() else "?" for each in text[:120])


def _touch(path: Path) -> None:
    # SQLite gives its side files the mode of the file itself. One that is there must not be opened by hand:
    # closing it would drop the locks that other connections of this process hold.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _identity(path: Path) -> int:
    """Names the file itself, wherever it is moved; 0 if there is none."""
    try:
        return os.stat(path).st_ino  # noqa: PTH116 - on every transaction, and half as long as Path.stat
    except FileNotFoundError:
        return 0
