"""Recognizes SQLite files by header and tables, and words the messages about unusable ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Set as AbstractSet
from enum import StrEnum
from pathlib import Path

__all__ = [
    "APPLICATION_ID",
    "FORMAT",
    "FileKind",
    "inspect",
    "inspect_open",
    "is_busy",
    "kind_of",
    "unusable_sentence",
]

APPLICATION_ID = 0x4D47524C
"""``application_id`` of our files: MGRL."""

FORMAT = 7
"""``user_version`` of our files."""

_OLD_FORMATS = (1, 2, 3, 4)
_OLD_TABLES = {"clock", "secret", "scope"}


class FileKind(StrEnum):
    """What is found at a store's path."""

    EMPTY = "empty"
    """A database without tables: its creator was killed before writing anything."""
    OURS = "ours"
    NEWER = "newer"
    """Written by a later version of this package."""
    OLD = "old"
    """Written by a version before the first release; the store sets it aside."""
    FOREIGN = "foreign"


def kind_of(application: int, version: int, tables: AbstractSet[str]) -> FileKind:
    """Classify a file.

    Args:
        application: ``application_id`` in its header.
        version: ``user_version`` in its header.
        tables: The names of its tables.
    """
    if application == APPLICATION_ID and version > 0:
        if version == FORMAT:
            return FileKind.OURS
        return FileKind.NEWER if version > FORMAT else FileKind.OLD
    if application:
        return FileKind.FOREIGN
    if version in _OLD_FORMATS and tables >= _OLD_TABLES:
        return FileKind.OLD
    return FileKind.FOREIGN if version or tables else FileKind.EMPTY


def unusable_sentence(path: Path, kind: FileKind, version: int) -> str:
    """The message about a newer or a foreign file."""
    if kind is FileKind.NEWER:
        return (
            f"{path} was written by a newer version of massgen-plugins (format {version}, this one "
            f"reads {FORMAT}): install the same version everywhere, or set another store."
        )
    return (
        f"{path} is not a file of massgen-plugins; nothing in it was changed. Set another store, or "
        "move the file away."
    )


def inspect(path: Path, wait: float = 0) -> tuple[FileKind, int]:
    """What a file is, and the version in its header.

    Args:
        path: The file, which exists.
        wait: Seconds to wait for a writer.

    Raises:
        sqlite3.OperationalError: It is locked.
    """
    # Through SQLite: opening and closing the file by hand would drop this process's locks on it.
    if path.stat().st_size == 0:
        return FileKind.EMPTY, 0
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=wait)
    try:
        return inspect_open(connection)
    except sqlite3.DatabaseError as error:
        if is_busy(error):
            raise
        return FileKind.FOREIGN, 0
    finally:
        connection.close()


def inspect_open(connection: sqlite3.Connection) -> tuple[FileKind, int]:
    """Like :func:`inspect`, of an open file; raises sqlite3.DatabaseError if it is not SQLite's."""
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if application == APPLICATION_ID:  # our own files are opened often
        return kind_of(application, version, set()), version
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return kind_of(application, version, {str(name) for (name,) in tables}), version


def is_busy(error: BaseException) -> bool:
    """Whether the error means that the database is locked."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
