"""Reads a SQLite file strictly read-only: it is not changed or renamed, and no side files are created."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores.boot_clock import boot_identity, boot_tick, offset_for
from massgen_plugins.rate_limit.stores.sqlite_format import FileKind, inspect_open, unusable_sentence
from massgen_plugins.rate_limit.wall_clock import Start

__all__ = ["FileClock", "FileContent", "check_integrity", "read_file"]

T = TypeVar("T")

_PATIENCE = 2.0
"""Seconds to wait for another program; readers wait only during recovery after a crash."""


class FileClock(NamedTuple):
    """The clock of a file.

    Attributes:
        tick: The current tick.
        latest: The latest tick written.
        same_boot: Whether the machine has not been rebooted since the file was last opened.
        start: Its origin for the reader.
    """

    tick: int
    latest: int
    same_boot: bool
    start: Start


class FileContent(NamedTuple):
    """The content of a file.

    Attributes:
        clock: Its clock.
        domains: The parts of each domain, by name.
    """

    clock: FileClock
    domains: Mapping[str, Mapping[str, bytes]]


def read_file(
    path: Path,
    *,
    since_boot: Callable[[], int] = boot_tick,
    boot: Callable[[], str] = boot_identity,
    wall: Callable[[], int] = time.time_ns,
) -> FileContent | None:
    """A consistent snapshot of the file; None if it is missing or empty.

    Args:
        path: The store's file.
        since_boot: Nanoseconds since this boot.
        boot: The name of this boot; empty if the system has none.
        wall: The wall clock: nanoseconds since the epoch.

    Raises:
        StoreUnavailable: It cannot be read, is damaged, of another version or not ours; the message says
            what to do.
    """

    def read(connection: sqlite3.Connection) -> FileContent:
        clock = _clock(connection, boot(), since_boot(), wall)
        domains: dict[str, dict[str, bytes]] = {}
        for domain, part, data in connection.execute("SELECT domain, name, data FROM part ORDER BY 1, 2"):
            if not part:  # the row of the domain itself, which sorts first
                domains[str(domain)] = {}
            elif domain in domains:
                domains[domain][str(part)] = data if isinstance(data, bytes) else b""
        return FileContent(clock, domains)

    return _look(path, read)


def check_integrity(path: Path) -> str:
    """What SQLite finds wrong with the file; empty if nothing. Raises like :func:`read_file`."""

    def check(connection: sqlite3.Connection) -> str:
        found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        return "" if found == "ok" else found

    return _look(path, check) or ""


def _look(path: Path, read: Callable[[sqlite3.Connection], T]) -> T | None:
    with _translated_errors(path):
        if not path.exists():
            return None
        if not path.is_file():
            raise StoreUnavailable(f"{path} is not a file; name another store.")
        if _is_empty(path):
            return None
        state = _state(path)
        if not state[1]:
            # Without a write-ahead log, the file can be read as immutable, which creates no side files.
            try:
                found = _read(path, "mode=ro&immutable=1", read)
            except (sqlite3.Error, StoreUnavailable):
                if _state(path) == state:
                    raise
            else:
                if _state(path) == state:
                    return found
        return _read(path, "mode=ro", read)  # it is being written


def _read(path: Path, how: str, read: Callable[[sqlite3.Connection], T]) -> T | None:
    uri = f"{path.absolute().as_uri()}?{how}"
    connection = sqlite3.connect(uri, uri=True, timeout=_PATIENCE, isolation_level=None)
    try:
        connection.execute("BEGIN")
        return read(connection) if _is_ours(connection, path) else None
    finally:
        connection.close()


def _is_ours(connection: sqlite3.Connection, path: Path) -> bool:
    kind, version = inspect_open(connection)
    if kind is FileKind.OLD:
        raise StoreUnavailable(
            f"{path} is of format {version}, of a version of massgen-plugins before the first release; the "
            "next limited run sets it aside and begins a new file."
        )
    if kind in {FileKind.NEWER, FileKind.FOREIGN}:
        raise StoreUnavailable(unusable_sentence(path, kind, version))
    return kind is FileKind.OURS


def _is_empty(path: Path) -> bool:
    """Whether the file is empty; one that only claims a size of 0 (as in /proc) is foreign."""
    if path.stat().st_size:
        return False
    with path.open("rb") as file:
        written = file.read(1)
    if written and not path.stat().st_size:
        raise StoreUnavailable(unusable_sentence(path, FileKind.FOREIGN, 0))
    return not written


def _state(path: Path) -> tuple[object, int]:
    """A fingerprint of the file, and the size of its write-ahead log in bytes."""
    known = path.stat()
    try:
        waiting = Path(f"{os.path.realpath(path)}-wal").stat().st_size  # SQLite follows links, too
    except FileNotFoundError:
        waiting = 0
    return (known.st_ino, known.st_mtime_ns, known.st_size), waiting


@contextmanager
def _translated_errors(path: Path) -> Iterator[None]:
    """Translate errors into one sentence with its cure."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_NOTADB:
            raise StoreUnavailable(unusable_sentence(path, FileKind.FOREIGN, 0)) from error
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise StoreUnavailable(f"{path} is held by another program; try again.") from error
        if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR}:
            raise StoreUnavailable(
                f"{path} cannot be read: {error}; see to it that you may read it and write beside it, or "
                "name another store."
            ) from error
        raise _damaged(path, error) from error
    except OSError as error:
        raise StoreUnavailable(
            f"{path} cannot be read: {error.strerror or error}; fix that, or name another store."
        ) from error
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> StoreUnavailable:
    what = error if isinstance(error, sqlite3.Error) else type(error).__name__
    return StoreUnavailable(
        f"{path} is damaged ({what}); the next limited run sets it aside and counts anew."
    )


def _clock(connection: sqlite3.Connection, boot: str, since: int, wall: Callable[[], int]) -> FileClock:
    known = connection.execute("SELECT boot, offset FROM clock").fetchone() or ("", 0)
    latest = int(connection.execute("SELECT max(tick) FROM part").fetchone()[0] or 0)
    offset = offset_for(boot, str(known[0]), int(known[1]), latest, since)
    tick = since + offset
    start = Start(offset if boot else tick, tick, wall, wall())
    return FileClock(tick, latest, bool(boot) and boot == known[0], start)
