"""Domains in one SQLite file, shared by all processes of a machine and kept over restarts.

A swap is one transaction that begins with ``UPDATE ... WHERE version = ?``: a process that is killed has
either written all of it or nothing.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores.base import NOTHING, Snapshot, StoreBusy
from massgen_plugins.rate_limit.stores.boot_clock import boot_identity, boot_tick, offset_for
from massgen_plugins.rate_limit.stores.process import after_fork
from massgen_plugins.rate_limit.stores.sqlite_file import SqliteFile, Transaction
from massgen_plugins.rate_limit.stores.wakeup import WakeUp
from massgen_plugins.rate_limit.wall_clock import Start

__all__ = ["SqliteStore"]

_CHECKPOINT = 500
"""Swaps after which what was written is brought into the file proper, by a thread that may stand still."""

_PAUSE_FOR_FORK = 1.0
"""Seconds for which a fork waits for the thread that is inside."""

# A domain's version stands beside its parts, in a row whose name is empty, so that a swap changes one page of
# the file. A part is updated in place: a row that is replaced gets its pages anew.
_SWAP = "UPDATE part SET version = ?, tick = ? WHERE domain = ? AND name = '' AND version = ?"
_UPDATE = "UPDATE part SET version = ?, tick = ?, data = ? WHERE domain = ? AND name = ?"
_INSERT = "INSERT INTO part (version, tick, data, domain, name) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_DELETE = "DELETE FROM part WHERE domain = ? AND name = ?"
_VERSION = "SELECT version FROM part WHERE domain = ? AND name = ''"
_PARTS = "SELECT name, data FROM part WHERE domain = ? AND name <> '' AND version > ?"


class SqliteStore:
    """Keeps domains in a file.

    Args:
        path: The file; made with mode 0600 in a directory of mode 0700.
        report: Told, in one sentence, of a file that was set aside.
        since_boot: Nanoseconds since the machine was started, suspends included.
        wall: Nanoseconds since the epoch.
        boot: Names the present run of the machine.
    """

    quick = True
    shared = True

    def __init__(
        self,
        path: Path,
        report: Callable[[str], None] = lambda _: None,
        since_boot: Callable[[], int] = boot_tick,
        wall: Callable[[], int] = time.time_ns,
        boot: Callable[[], str] = boot_identity,
    ) -> None:
        self.path = path
        self.on_wake: Callable[[], None] | None = None
        self._since_boot = since_boot
        self._wall = wall
        self._boot = boot
        self._file = SqliteFile(path, report, self._agree_on_clock)
        self._offset = 0
        self._start: Start | None = None
        self._swaps = 0
        self._held = False
        self.forked()
        after_fork(self)

    def forked(self) -> None:
        """Begin anew in a forked child."""
        self._file.forked()
        self._wakeup = WakeUp(self._woken)

    def before_fork(self) -> None:
        """Let no thread be inside: a child would take its half of a transaction for its own, for ever."""
        self._held = self._file.lock.threads.acquire(timeout=_PAUSE_FOR_FORK)

    def fork_is_over(self) -> None:
        """Go on in the parent."""
        if self._held:
            self._file.lock.threads.release()

    @property
    def description(self) -> str:
        """For people: what and where."""
        return f"sqlite {self.path}"

    def open(self) -> None:
        """Make sure that the clock is that of the file; may block. A file that cannot be used has none."""
        with suppress(StoreUnavailable, StoreBusy), self._file.transaction(patient=True):
            pass

    @property
    def ready(self) -> bool:
        """Whether it was opened before."""
        return self._start is not None

    def tick(self) -> int:
        """The clock that all who share the file have: it never jumps, and goes on after a reboot."""
        return self._since_boot() + self._offset

    def start(self) -> Start:
        """How this process's share of the clock began."""
        if self._start is None:
            return Start(self._offset, self.tick(), self._wall, self._wall())
        return self._start

    def turn(self, *, patient: bool = False) -> Transaction:
        """Keep all others out for a while."""
        return Transaction(self._file, patient=patient, foreign=True)

    def load(self, domain: str, since: int, *, patient: bool = False) -> Snapshot:
        """The parts of a domain that were written after version ``since``."""
        with self._file.transaction(patient=patient) as connection:
            return _read(connection, domain, since)

    def swap(
        self, domain: str, version: int, new: int, parts: Mapping[str, bytes | None], *, patient: bool = False
    ) -> Snapshot | None:
        """Write parts if the domain still has ``version``."""
        with self._file.transaction(patient=patient) as connection:
            execute, tick = connection.execute, self.tick()
            swapped = execute(_SWAP, (new, tick, domain, version)).rowcount or (
                not version and execute(_INSERT, (new, tick, b"", domain, "")).rowcount
            )
            if not swapped:
                return _read(connection, domain, version)
            for name, data in parts.items():
                if data is None:
                    execute(_DELETE, (domain, name))
                elif not execute(_UPDATE, row := (new, tick, data, domain, name)).rowcount:
                    execute(_INSERT, row)
        self._swaps += 1
        if self._swaps % _CHECKPOINT == 0:
            threading.Thread(target=self._file.checkpoint, name="massgen-plugins-disk", daemon=True).start()
        return None

    def domains(self) -> list[str]:
        """The names of all domains."""
        with self._file.transaction(patient=True) as connection:
            rows = connection.execute("SELECT domain FROM part WHERE name = '' ORDER BY 1")
            return [str(name) for (name,) in rows]

    @property
    def address(self) -> str:
        """Where others can wake this process."""
        return str(self._wakeup.port or "")

    def wake(self, address: str) -> bool:
        """Tell a process that there may be room; False if it is surely dead."""
        return self._wakeup.wake(_port(address))

    def lives(self, address: str) -> bool:
        """Whether the process may still live."""
        return self._wakeup.lives(_port(address))

    def close(self) -> None:
        """Release the file; it is opened again when it is used again."""
        self._file.close()
        self._wakeup.close()

    def _agree_on_clock(self, connection: sqlite3.Connection) -> None:
        """Go on with the clock of the file; called whenever it is opened, within a transaction."""
        boot, since_boot = self._boot(), self._since_boot()
        known = connection.execute("SELECT boot, offset FROM clock").fetchone()
        last = int(connection.execute("SELECT max(tick) FROM part").fetchone()[0] or 0)
        offset = self._offset  # a new file goes on with the clock of whoever makes it
        if known is not None:
            offset = offset_for(boot, known[0], known[1], last, since_boot)
        if since_boot + offset < last:  # the machine was put back, and all its processes
            offset = last - since_boot
        if known != (boot, offset):
            connection.execute("INSERT OR REPLACE INTO clock VALUES (1, ?, ?)", (boot, offset))
        self._offset = offset
        now, wall = since_boot + offset, self._wall()
        # Where boots have no name, the machine may have been off at any time before now.
        self._start = Start(offset if boot else now, now, self._wall, wall)

    def _woken(self) -> None:
        if self.on_wake is not None:
            self.on_wake()


def _read(connection: sqlite3.Connection, domain: str, since: int) -> Snapshot:
    row = connection.execute(_VERSION, (domain,)).fetchone()
    if row is None:
        return NOTHING
    version = int(row[0])
    if version == since:
        return Snapshot(version, {})
    rows = connection.execute(_PARTS, (domain, since if version > since else 0))
    # Of a damaged file, what is no blob may be a number: `bytes` would make as many zeros of it.
    return Snapshot(version, {str(name): data if isinstance(data, bytes) else b"" for name, data in rows})


def _port(address: str) -> int:
    return int(address) if address.isdigit() and len(address) <= 5 else 0
