"""Scopes in one SQLite file, shared by all processes of a machine and kept over restarts.

Every process has the state of a scope in memory, and every transaction adds one entry to the scope's journal
in the file. Whoever begins a transaction first applies the entries of others that are new to it. So the cost
of a transaction does not depend on how much the scope holds, and a process that is killed has either written
its entry or done nothing. Now and then the whole state is written, for those who come later.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.quota import NANOSECONDS, Amounts, Scope, ScopeRules
from massgen_plugins.rate_limit.decision import Decision
from massgen_plugins.rate_limit.hold import Hold, News
from massgen_plugins.rate_limit.ledger import Moment
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.scope_state import ScopeState
from massgen_plugins.rate_limit.stores import codec, journal, sqlite_schema
from massgen_plugins.rate_limit.stores.base import ScopeUnknown, StoreBusy
from massgen_plugins.rate_limit.stores.boot_clock import boot_identity, boot_tick
from massgen_plugins.rate_limit.stores.neighbours import Neighbours, to_be_woken
from massgen_plugins.rate_limit.stores.replica import Overtaken, Replica, malformed
from massgen_plugins.rate_limit.stores.sqlite_file import SqliteFile
from massgen_plugins.rate_limit.stores.stateful import StatefulStore, undone_on_failure
from massgen_plugins.rate_limit.wall_clock import Start, pace_of

__all__ = ["SqliteStore"]

_MANY = 256
"""Transactions after which it is time for upkeep."""

_ROUNDS = 8
"""Every so often upkeep brings what was written into the file proper, and the next to write waits for it."""

_AFTER_YOU = NANOSECONDS // 50
"""Nanoseconds by which who is not first wakes later: the first one rings as soon as there is room for it."""

_OPENING_TRIES = 400
_OPENING_PAUSE = 0.005


class SqliteStore(StatefulStore):
    """Keeps scopes in a file.

    Args:
        path: The file; made with mode 0600, its directory with 0700, when it is first used.
        report: Told, in one sentence, when a broken file had to be set aside.
        since_boot: Nanoseconds since this boot.
        boot: Names this boot; empty if the system cannot.
        wall: Nanoseconds since the epoch.
    """

    shared = True

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
        self._neighbours = Neighbours(self._rung)
        self._offset = 0
        self._timed = False
        self._fingerprint_key = b""
        self._replicas: dict[Scope, Replica] = {}
        self._process = (0, "")
        self._written = self._upkeeps = 0

    @property
    def description(self) -> str:
        """For people: what and where."""
        return f"sqlite {self.path}"

    def patiently(self) -> AbstractContextManager[None]:
        """Within it, this thread waits for its turn instead of raising ``StoreBusy``."""
        return self._file.patiently()

    def tick(self) -> int:
        """The store's clock in nanoseconds; opens the file, to learn its offset, when first asked."""
        if not self._timed:
            self._open()
        return self._since_boot() + self._offset

    def fingerprint_key(self) -> bytes:
        """A secret of this file: a fingerprint tells nothing to whoever does not have the file."""
        if not self._file.is_open:
            self._open()
        return self._fingerprint_key

    def take(self, scope: Scope, amounts: Amounts, news: Sequence[Hold] = ()) -> Hold | None:
        """Rebook ``news``, then grant a call if nobody waits and all is well: one entry in the journal."""
        try:
            return self._take(scope, amounts, news)
        except Overtaken:  # from now on it looks before it writes
            return self._take(scope, amounts, news)

    def _take(self, scope: Scope, amounts: Amounts, news: Sequence[Hold]) -> Hold | None:
        replica = self._replicas.get(scope)
        if replica is None:
            return None
        connection = self._file.begin()
        before = [each.remember() for each in news]
        try:
            tick = self._since_boot() + self._offset
            state = replica.catch_up(connection, tick=tick)
            if state is None:
                raise ScopeUnknown(scope)  # noqa: TRY301 - undone as all that fails
            changes = []
            if news:
                told = self._rebook(state, self._moment(state, tick), news)
                changes = [journal.changed(change) for change in told]
            hold = state.take(tick, amounts) or self._taken_late(state, tick, amounts, News())
            if hold is not None:
                changes.append(journal.booking(hold))
            ports = to_be_woken(state, Moment(tick, 0)) if news else []
            self._end(written=replica.write_calls(connection, tick, changes))
        except BaseException as error:  # as undone_on_failure, which would cost every call more
            for each, remembered in zip(news, before, strict=True):
                each.restore(remembered)
            raise self._failed(scope, error) from error
        self._neighbours.wake_first(ports)
        return hold

    def admit(self, scope: Scope, lane: str, bids: Sequence[Bid], news: Sequence[Hold] = ()) -> Decision:
        """Rebook ``news``, then grant the lane's bids from the first on until one cannot leave now."""
        with undone_on_failure(news), self._entry(scope) as (state, changes):
            changes.extend(map(journal.changed, self._rebook(state, self._now(state), news)))
            name, now = self._neighbours.address(lane), self._now(state)
            decision = self._admit(state, name, bids)
            changes.extend(map(journal.booking, decision.holds))
            first = state.line.first()
            if first is None or first.lane == name:
                return decision
            ports = to_be_woken(state, now)
            if ports:
                state.line.will_ask(first.lane, now.tick)
            if decision.blocker is not None and not decision.blocker.final:
                decision = replace(decision, blocker=decision.blocker.later(_AFTER_YOU))
                state.line.will_ask(name, state.line.claims[name].until + _AFTER_YOU)
        self._neighbours.wake_first(ports)
        return decision

    def rebook(self, scope: Scope, news: Sequence[Hold]) -> None:
        """Take note of what is true of these calls by now; whoever is first may leave now."""
        with undone_on_failure(news), self._entry(scope, only_calls=True) as (state, changes):
            changes.extend(map(journal.changed, self._rebook(state, self._now(state), news)))
            ports = to_be_woken(state, self._now(state))
        self._neighbours.wake_first(ports)

    def leave(self, scope: Scope, lane: str) -> None:
        """The lane waits no more; whoever is next may leave now."""
        with self._transaction(scope) as state:
            state.line.leave(self._neighbours.address(lane))
            ports = to_be_woken(state, self._now(state))
        self._neighbours.wake_first(ports)

    def forecast(self, scope: Scope, lane: str, ahead: Amounts, own: Amounts) -> int:
        """The tick at which ``own`` can leave after ``ahead`` of its lane; an estimate from below."""
        return super().forecast(scope, self._neighbours.address(lane), ahead, own)

    def forget(self, scope: Scope) -> None:
        """Drop everything known of a scope."""
        with self._file.transaction() as connection:
            replica = self._replica(connection, scope)
            replica.catch_up(connection)
            replica.write_forgotten(connection, self.tick())

    @property
    def wants_upkeep(self) -> bool:
        """Whether much was written since the last one."""
        return self._written >= _MANY

    def upkeep(self) -> None:
        """Write whole states where journals have become long; now and then bring all into the file proper."""
        self._written = 0
        for replica in [each for each in self._replicas.values() if each.long]:
            with self._file.transaction() as connection:
                replica.catch_up(connection)
                number, frozen = replica.freeze()
            if frozen is not None:
                text = codec.encode_state(frozen)  # nobody has to wait for that
                with self._file.transaction() as connection:
                    if replica in self._replicas.values():  # the file is still the same
                        replica.condense(connection, number, text, self.tick())
        self._upkeeps += 1
        if self._upkeeps % _ROUNDS == 0:
            self._file.checkpoint()

    def close(self) -> None:
        """Close the file; it is opened again when the store is used again."""
        self._neighbours.close()
        self._file.close()

    @contextmanager
    def _entry(self, scope: Scope, *, only_calls: bool = False) -> Iterator[tuple[ScopeState, list[str]]]:
        """Lend a scope's state, and a list for the changes of calls; what else changes is seen here."""
        with self._lent(scope) as (connection, replica):
            state, changes = _existing(replica, scope), []  # type: tuple[ScopeState, list[str]]
            yield state, changes
            write = replica.write_calls if only_calls else replica.write
            self._end(written=write(connection, self.tick(), changes))

    @contextmanager
    def _transaction(
        self, scope: Scope, rules: ScopeRules | None = None, *, changing: bool = True
    ) -> Iterator[ScopeState]:
        with self._lent(scope) as (connection, replica):
            if rules is not None and replica.state is None:
                yield replica.found(rules)
            else:
                yield _existing(replica, scope)
            self._end(written=changing and replica.write(connection, self.tick(), ()))

    @contextmanager
    def _lent(self, scope: Scope) -> Iterator[tuple[sqlite3.Connection, Replica]]:
        """A transaction, to be brought to its end with :meth:`_end`."""
        connection = self._file.begin()
        try:
            replica = self._replica(connection, scope)
            replica.catch_up(connection)
            yield connection, replica
        except BaseException as error:
            raise self._failed(scope, error) from error

    def _end(self, *, written: bool) -> None:
        if written:
            self._written += 1
            self._file.commit()
        else:
            self._file.roll_back()

    def _open(self) -> None:
        for _ in range(_OPENING_TRIES):
            try:
                with self._file.transaction():
                    return
            except StoreBusy:  # while many processes begin at once
                time.sleep(_OPENING_PAUSE)
        raise StoreUnavailable(f"{self.path} has been locked by another program.")

    def _failed(self, scope: Scope, error: BaseException) -> BaseException:
        """Undo a transaction; the state in memory may have changed, and not that in the file."""
        explained = self._file.explain(error)
        self._file.roll_back()
        replica = self._replicas.get(scope)
        if replica is not None and replica.state is None:
            del self._replicas[scope]  # it may have been begun by what is undone
        elif replica is not None:
            replica.spoil()
        return explained

    def _replica(self, connection: sqlite3.Connection, scope: Scope) -> Replica:
        replica = self._replicas.get(scope)
        if replica is None:
            replica = self._replicas[scope] = Replica(connection, scope, self._process_name())
        return replica

    def _scopes(self) -> list[Scope]:
        if not self.path.exists():
            return []
        with self._file.transaction() as connection:
            rows = connection.execute(
                "SELECT provider, account, model, endpoint FROM scope ORDER BY 1, 2, 3, 4"
            )
            scopes = [Scope(*row) for row in rows]
            return [s for s in scopes if self._replica(connection, s).catch_up(connection) is not None]

    def _prepare(self, connection: sqlite3.Connection) -> None:
        self._replicas.clear()
        boot, since = self._boot(), self._since_boot()
        try:
            sqlite_schema.check_version(connection, self.path)
            self._offset = sqlite_schema.shared_offset(connection, boot, since)
            self._fingerprint_key = sqlite_schema.shared_secret(connection)
        except codec.BROKEN as error:
            raise malformed(error) from error
        self._timed = True
        now = self._offset + since
        # Without a name for the boot, it is only sure that there was none since now.
        self._start = Start(self._offset if boot else now - 1, now, self._wall())

    def _moment(self, state: ScopeState, tick: int) -> Moment:
        """As in every store, but cheap, since it is asked for with every call."""
        heard, pace = state.heard, state.pace
        if heard is None:
            return Moment(tick, self._wall())
        if pace is None or pace.heard is not heard or tick >= pace.until or heard.when > tick:
            pace = state.pace = pace_of(heard, tick, self._start)
        return Moment(tick, tick + pace.offset, pace.slack)

    def _process_name(self) -> str:
        if self._process[0] != os.getpid():  # also right in a forked child
            self._process = (os.getpid(), f"{os.getpid()}.{secrets.token_hex(4)}")
        return self._process[1]

    def _admit(self, state: ScopeState, lane: str, bids: Sequence[Bid]) -> Decision:
        """Nobody waits for a process that could leave but is dead."""
        holds: list[Hold] = []
        while True:
            decision = state.admit(self._now(state), lane, bids[len(holds) :])
            holds += decision.holds
            late = state.line.stalled
            if decision.blocker is None or late is None or self._neighbours.lives(late[0]):
                return replace(decision, holds=tuple(holds))
            state.line.leave(late[0])

    def _rung(self) -> None:
        if self.on_room is not None:
            self.on_room(None)


def _existing(replica: Replica, scope: Scope) -> ScopeState:
    if replica.state is None:
        raise ScopeUnknown(scope)
    return replica.state
