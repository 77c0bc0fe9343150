"""A scope as this process knows it, and how it follows the journal that all processes write."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

from massgen_plugins.quota import NANOSECONDS, Scope, ScopeRules
from massgen_plugins.rate_limit.line import LineSnapshot
from massgen_plugins.rate_limit.scope_state import ScopeState
from massgen_plugins.rate_limit.stores import codec, journal
from massgen_plugins.rate_limit.wall_clock import Heard

__all__ = ["Overtaken", "Replica", "malformed", "read_state"]

_KEPT = 256
"""Entries after which the whole state is written; as many older ones stay for processes that lag behind."""

_FIND = "SELECT id FROM scope WHERE provider = ? AND account = ? AND model = ? AND endpoint = ?"
_MAKE = "INSERT INTO scope (number, snapshot, provider, account, model, endpoint) VALUES (0, '', ?, ?, ?, ?)"
_SNAPSHOT = "SELECT number, snapshot FROM scope WHERE id = ?"
_NEWER = "SELECT number, changes, tick FROM entry WHERE scope = ? AND number > ? ORDER BY number"
_APPEND = "INSERT INTO entry VALUES (?, ?, ?, ?)"
_CONDENSE = "UPDATE scope SET number = ?, snapshot = ? WHERE id = ? AND number < ?"
_PRUNE = "DELETE FROM entry WHERE scope = ? AND number <= ? AND tick < ?"

_ALONE = 2 * NANOSECONDS
"""Nanoseconds without entries of other processes after which none are expected."""

_FRESH = NANOSECONDS
"""Nanoseconds after a look at the journal within which it need not be looked at again by who seems alone."""

_SAFE = 5 * NANOSECONDS
"""The age at which entries may be removed: what somebody who did not look would run into is still there."""


class Overtaken(Exception):
    """Another process has written what this one does not know: undo the transaction, and begin anew."""


def read_state(connection: sqlite3.Connection, row: int) -> tuple[int, int, ScopeState | None]:
    """The state of the scope with this id: number of the snapshot's last entry, of the last one, the state.

    Raises:
        sqlite3.DatabaseError: It is not what was written.
    """
    try:
        condensed, snapshot = connection.execute(_SNAPSHOT, (row,)).fetchone()
        number = condensed
        state = codec.decode_state(snapshot) if snapshot else None
        for latest, changes, _ in connection.execute(_NEWER, (row, condensed)):
            state = journal.apply(changes, state)
            number = latest
    except codec.BROKEN as error:
        raise malformed(error) from error
    return condensed, number, state


def malformed(error: Exception) -> sqlite3.DatabaseError:
    """The error for what is in the file, but is not what was written; it shows nothing of it."""
    return sqlite3.DatabaseError(f"malformed, {type(error).__name__}")


class Replica:
    """One scope; every method is called within a transaction.

    Attributes:
        state: What the journal says; None if the scope was forgotten.

    Args:
        connection: To the file.
        scope: Whose journal it is; begun if there is none.
        process: Names this process in it.
    """

    def __init__(self, connection: sqlite3.Connection, scope: Scope, process: str) -> None:
        found = connection.execute(_FIND, tuple(scope)).fetchone()
        self._id = int(found[0] if found else connection.execute(_MAKE, tuple(scope)).lastrowid or 0)
        self._process = process
        self.state: ScopeState | None = None
        self._number = self._condensed = self._aloft = 0
        self._company_until = self._fresh_until = 0
        self._rules: ScopeRules | None = None
        self._lessons = ""
        self._line: LineSnapshot | None = None
        self._heard: Heard | None = None
        self._load(connection)

    def catch_up(self, connection: sqlite3.Connection, *, tick: int = 0) -> ScopeState | None:
        """Apply what others have written; returns the state.

        With a ``tick`` (nanoseconds) it is not looked for if none has come for long; if there is some all the
        same, :class:`Overtaken` is raised when something is written.
        """
        if self._company_until < tick < self._fresh_until and self._number >= 0:
            return self.state
        self._fresh_until = tick + _FRESH
        try:
            return self._follow(connection)
        except codec.BROKEN as error:
            raise malformed(error) from error

    def _follow(self, connection: sqlite3.Connection) -> ScopeState | None:
        newer = connection.execute(_NEWER, (self._id, self._number)).fetchall()
        if self._number < 0 or (newer and newer[0][0] != self._number + 1):
            self._load(connection)
        elif newer:
            self._apply(newer)
        if newer:
            self._company_until = newer[-1][2] + _ALONE
        return self.state

    def spoil(self) -> None:
        """What is in memory may be ahead of the file: read it anew."""
        self._number = -1

    def found(self, rules: ScopeRules) -> ScopeState:
        """Begin new books, since there are none."""
        self.state = ScopeState(rules, born=time.time_ns())
        return self.state

    def write(self, connection: sqlite3.Connection, tick: int, changes: Sequence[str]) -> bool:
        """Add an entry: these changes, and what else is new in the state; False if nothing is."""
        lines = [*changes, *self._news(tick)]
        if not lines:
            return False
        self._append(connection, tick, "\n".join(lines))
        return True

    def write_calls(self, connection: sqlite3.Connection, tick: int, changes: list[str]) -> bool:
        """As :meth:`write`, when nothing but calls can have changed."""
        if self.state is not None and self.state.ledger.aloft != self._aloft:
            self._aloft = self.state.ledger.aloft
            changes.append(journal.flights(self._process, self._aloft, tick))
        if not changes:
            return False
        self._append(connection, tick, "\n".join(changes))
        return True

    def write_forgotten(self, connection: sqlite3.Connection, tick: int) -> None:
        """The scope is forgotten."""
        self._append(connection, tick, "x")
        connection.execute(
            "UPDATE scope SET number = ?, snapshot = '' WHERE id = ?", (self._number, self._id)
        )
        self.state = None

    @property
    def long(self) -> bool:
        """Whether the journal has become long, so that it is time for :meth:`freeze`."""
        return self._number - self._condensed >= _KEPT

    def freeze(self) -> tuple[int, codec.Frozen | None]:
        """The last entry's number, and the state after it."""
        self._condensed = self._number
        return self._number, codec.freeze(self.state) if self.state is not None else None

    def condense(self, connection: sqlite3.Connection, number: int, snapshot: str, tick: int) -> None:
        """Keep the state after entry ``number``; remove entries that only those need who lag far behind."""
        connection.execute(_CONDENSE, (number, snapshot, self._id, number))
        connection.execute(_PRUNE, (self._id, number - _KEPT, tick - _SAFE))

    def _append(self, connection: sqlite3.Connection, tick: int, changes: str) -> None:
        try:
            connection.execute(_APPEND, (self._id, self._number + 1, tick, changes))
        except sqlite3.IntegrityError as error:
            self._company_until = tick + _ALONE
            raise Overtaken from error
        self._number += 1

    def _load(self, connection: sqlite3.Connection) -> None:
        aloft = self._aloft
        self._condensed, self._number, self.state = read_state(connection, self._id)
        self._remember(aloft)

    def _apply(self, entries: Sequence[tuple[int, str, int]]) -> None:
        aloft = self._aloft
        try:
            self.state = journal.apply("\n".join(changes for _, changes, _ in entries), self.state)
            self._number = entries[-1][0]
        except codec.BROKEN as error:
            raise malformed(error) from error
        self._remember(aloft)

    def _remember(self, aloft: int) -> None:
        state = self.state
        if state is not None:
            state.ledger.aloft = aloft
            state.flights.report(self._process, 0, 0)  # of itself it knows better
        self._rules = state.rules if state else None
        self._lessons = codec.encode_lessons(state.lessons) if state else ""
        self._line = state.line.snapshot() if state else None
        self._heard = state.heard if state else None
        self._aloft = state.ledger.aloft if state else 0

    def _news(self, tick: int) -> list[str]:
        state = self.state
        if state is None:
            return []
        lines = []
        if state.rules is not self._rules:
            lines.append(f"r {state.born} {codec.encode_rules(state.rules)}")
        lessons, line = codec.encode_lessons(state.lessons), state.line.snapshot()
        if lessons != self._lessons:
            lines.append(f"l {lessons}")
        if line != self._line:
            lines.append(f"c {codec.encode_line(state.line)}")
        if state.heard != self._heard:
            lines.append(journal.heard(state.heard))
        if state.ledger.aloft != self._aloft:
            lines.append(journal.flights(self._process, state.ledger.aloft, tick))
        self._rules, self._lessons, self._line, self._aloft = state.rules, lessons, line, state.ledger.aloft
        self._heard = state.heard
        return lines
