"""Looks into a SQLite store without changing it: a read-only file will do, and none is made."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.quota import Scope
from massgen_plugins.rate_limit import wall_clock
from massgen_plugins.rate_limit.stores import codec
from massgen_plugins.rate_limit.stores.base import ScopeView
from massgen_plugins.rate_limit.stores.boot_clock import boot_identity, boot_tick, offset_for
from massgen_plugins.rate_limit.stores.replica import read_state
from massgen_plugins.rate_limit.stores.sqlite_schema import SCHEMA_VERSION, last_tick, wrong_version
from massgen_plugins.rate_limit.stores.stateful import view_of

__all__ = ["Clock", "check_integrity", "read_clock", "view_scopes"]

_PATIENCE = 2.0
"""Seconds to wait for a writer; readers wait only while somebody repairs the file after a crash."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The store's clock.

    Attributes:
        tick: Its nanoseconds now.
        latest: The latest tick that anybody wrote.
        same_boot: Whether the machine was not started again since then.
    """

    tick: int
    latest: int
    same_boot: bool


def view_scopes(
    path: Path,
    *,
    since_boot: Callable[[], int] = boot_tick,
    boot: Callable[[], str] = boot_identity,
    wall: Callable[[], int] = time.time_ns,
) -> list[ScopeView]:
    """All scopes of the file at one moment; none if there is no file.

    Args:
        path: The store's file.
        since_boot: Nanoseconds since this boot.
        boot: Names this boot; empty if the system cannot.
        wall: Nanoseconds since the epoch.

    Raises:
        StoreUnavailable: It cannot be read, is damaged, or is of another version.
    """
    with _reading(path) as connection:
        if connection is None:
            return []
        name, since = boot(), since_boot()
        clock = _clock(connection, name, since)
        booted = clock.tick - since if name and clock.same_boot else clock.tick
        start = wall_clock.Start(booted, clock.tick, wall())
        rows = connection.execute(
            "SELECT provider, account, model, endpoint, id FROM scope ORDER BY 1, 2, 3, 4"
        )
        states = [(Scope(*names), read_state(connection, row)[2]) for *names, row in rows.fetchall()]
        return [
            view_of(scope, state, wall_clock.moment(state.heard, clock.tick, clock.tick, start, wall))
            for scope, state in states
            if state is not None
        ]


def read_clock(path: Path) -> Clock | None:
    """The store's clock; None if there is no file. Raises as :func:`view_scopes` does."""
    with _reading(path) as connection:
        return None if connection is None else _clock(connection, boot_identity(), boot_tick())


def check_integrity(path: Path) -> str:
    """What SQLite finds wrong with the file; empty if nothing. Raises as :func:`view_scopes` does."""
    with _reading(path) as connection:
        if connection is None:
            return ""
        found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        return "" if found == "ok" else found


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """One consistent reading; None if there is nothing to read."""
    connection = None
    try:
        if path.exists():
            connection = _connect(path)
            yield connection if _has_scopes(connection, path) else None
        else:
            yield None
    except sqlite3.OperationalError as error:
        raise StoreUnavailable(f"{path} cannot be read: {error}.") from error
    except (sqlite3.DatabaseError, *codec.BROKEN) as error:
        raise StoreUnavailable(
            f"{path} is damaged ({error}); the next limited run sets it aside and counts anew."
        ) from error
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be read: {error.strerror or error}.") from error
    finally:
        if connection is not None:
            connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    try:
        return _opened(f"{path.absolute().as_uri()}?mode=ro")
    except sqlite3.OperationalError:
        # Beside a file in WAL mode SQLite needs two more. Where they cannot be made, nobody is writing.
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise
        return _opened(f"{path.absolute().as_uri()}?mode=ro&immutable=1")


def _opened(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=_PATIENCE, isolation_level=None)
    try:
        connection.execute("BEGIN")
        connection.execute("PRAGMA user_version").fetchone()
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _has_scopes(connection: sqlite3.Connection, path: Path) -> bool:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, SCHEMA_VERSION):
        raise wrong_version(path, version)
    return bool(version)


def _clock(connection: sqlite3.Connection, boot: str, since: int) -> Clock:
    known = connection.execute("SELECT boot, offset FROM clock").fetchone() or ("", 0)
    latest = last_tick(connection)
    return Clock(since + offset_for(boot, known[0], known[1], latest, since), latest, boot == known[0])
