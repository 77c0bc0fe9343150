"""Scopes in one SQLite file, shared by all processes of a machine and kept over restarts."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.quota import Scope, ScopeRules
from massgen_plugins.rate_limit.scope_state import ScopeState
from massgen_plugins.rate_limit.stores import codec
from massgen_plugins.rate_limit.stores.base import ScopeUnknown
from massgen_plugins.rate_limit.stores.boot_clock import boot_identity, boot_tick, offset_for
from massgen_plugins.rate_limit.stores.sqlite_file import SqliteFile
from massgen_plugins.rate_limit.stores.stateful import StatefulStore

__all__ = ["SCHEMA_VERSION", "SqliteStore", "decode_state"]

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS clock (one INTEGER PRIMARY KEY CHECK (one = 1), boot TEXT, offset INTEGER);
CREATE TABLE IF NOT EXISTS secret (
    one INTEGER PRIMARY KEY CHECK (one = 1), fingerprint_key BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS scope (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL, account TEXT NOT NULL, model TEXT NOT NULL, endpoint TEXT NOT NULL,
    version INTEGER NOT NULL, tick INTEGER NOT NULL, born INTEGER NOT NULL,
    rules TEXT NOT NULL, lessons TEXT NOT NULL, line TEXT NOT NULL, flights TEXT NOT NULL,
    ledger BLOB NOT NULL,
    UNIQUE (provider, account, model, endpoint)
);
"""
_FIND = "SELECT id, version FROM scope WHERE provider = ? AND account = ? AND model = ? AND endpoint = ?"
_READ = "SELECT rules, lessons, line, flights, ledger, born FROM scope WHERE id = ?"
_WRITE = (
    "UPDATE scope SET version = ?, tick = ?, rules = ?, lessons = ?, line = ?, flights = ?, ledger = ?"
    " WHERE id = ?"
)
_MAKE = (
    "INSERT INTO scope"
    " (version, tick, rules, lessons, line, flights, ledger, born, provider, account, model, endpoint)"
    " VALUES (0, 0, '', '', '', '', x'', ?, ?, ?, ?, ?)"
)


@dataclass(slots=True)
class _Cached:
    """A scope's state as this process last saw it, good while the stored version is the same."""

    row: int
    version: int
    state: ScopeState
    rules: ScopeRules
    encoded_rules: str


class SqliteStore(StatefulStore):
    """Keeps scopes in a file.

    Args:
        path: The file; made with mode 0600, its directory with 0700, when it is first used.
        report: Told, in one sentence, when a broken file had to be set aside.
        since_boot: Nanoseconds since this boot.
        boot: Names this boot; empty if the system cannot.
        wall: Nanoseconds since the epoch.
    """

    def __init__(
        self,
        path: Path,
        report: Callable[[str], None] | None = None,
        *,
        since_boot: Callable[[], int] = boot_tick,
        boot: Callable[[], str] = boot_identity,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        super().__init__(wall)
        self.path = path
        self._since_boot = since_boot
        self._boot = boot
        self._file = SqliteFile(path, self._prepare, report)
        self._offset = 0
        self._fingerprint_key = b""
        self._cache: dict[Scope, _Cached] = {}

    @property
    def description(self) -> str:
        """For people: what and where."""
        return f"sqlite {self.path}"

    def tick(self) -> int:
        """The store's clock in nanoseconds; opens the file to learn its offset when first asked."""
        if not self._file.is_open:
            with self._file.transaction():
                pass
        return self._since_boot() + self._offset

    def fingerprint_key(self) -> bytes:
        """A secret of this file: a fingerprint tells nothing to whoever does not have the file."""
        self.tick()
        return self._fingerprint_key

    def forget(self, scope: Scope) -> None:
        """Drop everything known of a scope."""
        with self._file.transaction() as connection:
            self._cache.pop(scope, None)
            connection.execute(
                "DELETE FROM scope WHERE provider = ? AND account = ? AND model = ? AND endpoint = ?",
                _key(scope),
            )

    def close(self) -> None:
        """Close the file; it is opened again when the store is used again."""
        self._file.close()

    @contextmanager
    def _transaction(self, scope: Scope, rules: ScopeRules | None = None) -> Iterator[ScopeState]:
        try:
            with self._file.transaction() as connection:
                cached = self._load(connection, scope, rules)
                yield cached.state
                self._save(connection, cached)
        except BaseException:
            self._cache.pop(scope, None)  # it may have changed in memory, and not in the file
            raise

    def _scopes(self) -> list[Scope]:
        if not self.path.exists():
            return []
        with self._file.transaction() as connection:
            rows = connection.execute(
                "SELECT provider, account, model, endpoint FROM scope ORDER BY 1, 2, 3, 4"
            )
            return [Scope(*row) for row in rows]

    def _prepare(self, connection: sqlite3.Connection) -> None:
        self._cache.clear()
        _check_version(connection, self.path)
        self._offset = _shared_offset(connection, self._boot(), self._since_boot())
        self._fingerprint_key = _shared_secret(connection)

    def _load(self, connection: sqlite3.Connection, scope: Scope, rules: ScopeRules | None) -> _Cached:
        found = connection.execute(_FIND, _key(scope)).fetchone()
        if found is None:
            if rules is None:
                raise ScopeUnknown(scope)
            born = time.time_ns()
            row = connection.execute(_MAKE, (born, *_key(scope))).lastrowid or 0
            cached = _Cached(row, 0, ScopeState(rules, born), rules, codec.encode_rules(rules))
        else:
            row, version = found
            known = self._cache.get(scope)
            if known is not None and (known.row, known.version) == (row, version):
                return known
            *columns, born = connection.execute(_READ, (row,)).fetchone()
            cached = self._decode(row, version, tuple(columns))
            cached.state.born = born
        self._cache[scope] = cached
        return cached

    def _decode(self, row: int, version: int, columns: tuple[str, str, str, str, bytes]) -> _Cached:
        try:
            state = decode_state(columns)
        except codec.BROKEN as error:
            raise sqlite3.DatabaseError(f"malformed scope: {error}") from error
        return _Cached(row, version, state, state.rules, columns[0])

    def _save(self, connection: sqlite3.Connection, cached: _Cached) -> None:
        state = cached.state
        if state.rules is not cached.rules:
            cached.rules, cached.encoded_rules = state.rules, codec.encode_rules(state.rules)
        kept = (
            codec.encode_lessons(state.lessons),
            codec.encode_line(state.line),
            codec.encode_flights(state.flights),
            codec.encode_ledger(state.ledger),
        )
        cached.version += 1
        tick = self._since_boot() + self._offset
        connection.execute(_WRITE, (cached.version, tick, cached.encoded_rules, *kept, cached.row))


def decode_state(columns: tuple[str, str, str, str, bytes]) -> ScopeState:
    """A scope's state from its columns: rules, lessons, line, flights, ledger.

    Raises one of ``codec.BROKEN`` if they are not what was written.
    """
    rules, lessons, line, flights, ledger = columns
    state = ScopeState(codec.decode_rules(rules))
    state.adopt(codec.decode_lessons(lessons), codec.decode_line(line), codec.decode_flights(flights))
    codec.decode_ledger(ledger, state.ledger)
    return state


def _key(scope: Scope) -> tuple[str, str, str, str]:
    return scope.provider, scope.account, scope.model, scope.endpoint


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    elif version != SCHEMA_VERSION:
        raise StoreUnavailable(
            f"{path} was written by another version of massgen-plugins (format {version}, "
            f"this one reads {SCHEMA_VERSION}): install the same version everywhere, or set another store."
        )


def _shared_offset(connection: sqlite3.Connection, boot: str, since: int) -> int:
    """The clock offset of this boot, agreed upon by all processes."""
    known = connection.execute("SELECT boot, offset FROM clock").fetchone() or ("", 0)
    last = connection.execute("SELECT max(tick) FROM scope").fetchone()[0] or 0
    offset = offset_for(boot, known[0], known[1], last, since)
    if (boot, offset) != known:
        connection.execute("INSERT OR REPLACE INTO clock VALUES (1, ?, ?)", (boot, offset))
    return offset


def _shared_secret(connection: sqlite3.Connection) -> bytes:
    connection.execute("INSERT OR IGNORE INTO secret VALUES (1, ?)", (secrets.token_bytes(32),))
    return bytes(connection.execute("SELECT fingerprint_key FROM secret").fetchone()[0])
