"""The tables of a SQLite store, and what every connection has to know before it uses them."""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores.boot_clock import offset_for

__all__ = ["SCHEMA_VERSION", "check_version", "last_tick", "shared_offset", "shared_secret", "wrong_version"]

SCHEMA_VERSION = 4
"""In ``PRAGMA user_version``; raised when an older version of this package would misread the file."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS clock (one INTEGER PRIMARY KEY CHECK (one = 1), boot TEXT, offset INTEGER);
CREATE TABLE IF NOT EXISTS secret (
    one INTEGER PRIMARY KEY CHECK (one = 1), fingerprint_key BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS scope (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL, account TEXT NOT NULL, model TEXT NOT NULL, endpoint TEXT NOT NULL,
    number INTEGER NOT NULL,  -- of the last entry that the snapshot contains
    snapshot TEXT NOT NULL,   -- the state after it; empty: none
    UNIQUE (provider, account, model, endpoint)
);
CREATE TABLE IF NOT EXISTS entry (
    scope INTEGER NOT NULL, number INTEGER NOT NULL,
    tick INTEGER NOT NULL,    -- when it was written, on the store's clock
    changes TEXT NOT NULL,    -- see journal.py
    PRIMARY KEY (scope, number)
) WITHOUT ROWID;
"""


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables if there are none; raises ``StoreUnavailable`` if they are of another version."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        for statement in _SCHEMA.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    elif version != SCHEMA_VERSION:
        raise wrong_version(path, version)


def wrong_version(path: Path, version: int) -> StoreUnavailable:
    """The error for a file of another version."""
    return StoreUnavailable(
        f"{path} was written by another version of massgen-plugins (format {version}, "
        f"this one reads {SCHEMA_VERSION}): install the same version everywhere, or set another store."
    )


def last_tick(connection: sqlite3.Connection) -> int:
    """The latest tick that anybody wrote. There always is an entry: the last one is never removed."""
    return int(connection.execute("SELECT max(tick) FROM entry").fetchone()[0] or 0)


def shared_offset(connection: sqlite3.Connection, boot: str, since: int) -> int:
    """The clock offset of this boot, agreed upon by all processes."""
    known = connection.execute("SELECT boot, offset FROM clock").fetchone() or ("", 0)
    offset = int(offset_for(boot, known[0], known[1], last_tick(connection), since))  # whatever stood there
    if (boot, offset) != known:
        connection.execute("INSERT OR REPLACE INTO clock VALUES (1, ?, ?)", (boot, offset))
    return offset


def shared_secret(connection: sqlite3.Connection) -> bytes:
    """The file's secret, made by whoever comes first."""
    connection.execute("INSERT OR IGNORE INTO secret VALUES (1, ?)", (secrets.token_bytes(32),))
    return bytes(connection.execute("SELECT fingerprint_key FROM secret").fetchone()[0])
