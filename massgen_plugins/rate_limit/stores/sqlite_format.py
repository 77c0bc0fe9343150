"""Whose a SQLite file is, told by its header and its tables, and what is said of one that cannot be used."""

from __future__ import annotations

import sqlite3
from collections.abc import Set as AbstractSet
from enum import StrEnum
from pathlib import Path

__all__ = [
    "APPLICATION_ID",
    "FORMAT",
    "FileKind",
    "is_busy",
    "kind_of",
    "stamp_of",
    "tables_of",
    "unusable_sentence",
]

APPLICATION_ID = 0x4D47524C
"""Written in the header of every file of ours: MGRL."""

FORMAT = 6
"""``user_version`` of the file."""

_OLD_FORMATS = (1, 2, 3, 4)
_OLD_TABLES = {"clock", "secret", "scope"}


class FileKind(StrEnum):
    """What stands in the place of a store."""

    EMPTY = "empty"
    """A database without any table: whoever began it was killed before it had written anything."""
    OURS = "ours"
    NEWER = "newer"
    """Of a later version of this package."""
    OLD = "old"
    """Of a version before the first release; it is set aside by whoever limits calls."""
    FOREIGN = "foreign"


def kind_of(application: int, version: int, tables: AbstractSet[str]) -> FileKind:
    """Whose a file is.

    Args:
        application: ``application_id`` of its header; -1 if it is no SQLite file.
        version: ``user_version`` of its header.
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
    """What is said of a newer or a foreign file."""
    if kind is FileKind.NEWER:
        return (
            f"{path} was written by a newer version of massgen-plugins (format {version}, this one "
            f"reads {FORMAT}): install the same version everywhere, or set another store."
        )
    return (
        f"{path} is not a file of massgen-plugins; nothing in it was changed. Set another store, or "
        "move the file away."
    )


def stamp_of(path: Path, wait: float = 0) -> tuple[int, int] | None:
    """Application id and user version in a file's header; None if the file is empty.

    A file that is not SQLite's has the stamp (-1, 0).
    """
    # By SQLite itself, read-only: opening and closing the file by hand would drop this process's locks on it.
    if path.stat().st_size == 0:
        return None
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=wait)
    try:
        application = int(connection.execute("PRAGMA application_id").fetchone()[0])
        return application, int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if is_busy(error):
            raise
        return -1, 0
    finally:
        connection.close()


def tables_of(path: Path, wait: float) -> set[str]:
    """The names of all tables; of a file that cannot be read to its end, one that nobody has."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=wait)
    try:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {str(name) for (name,) in rows}
    except sqlite3.DatabaseError as error:
        if is_busy(error):
            raise
        return {""}
    finally:
        connection.close()


def is_busy(error: BaseException) -> bool:
    """Whether a database was in use by somebody else."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
