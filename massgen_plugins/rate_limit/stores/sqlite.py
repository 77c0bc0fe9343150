"""Domains in a SQLite file, shared by all processes of a machine and kept across restarts.

A swap is one transaction that begins with ``UPDATE ... WHERE version = ?``: a killed process has written all
of it or nothing.
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
"""Swaps between checkpoints of the write-ahead log, each in a thread of its own."""

_PAUSE_FOR_FORK = 1.0
"""Seconds for which a fork waits for a thread that holds the lock."""

# A domain's version is in a row with an empty name beside its parts, so that a swap touches one page. Parts
# are updated in place: replacing a row would reallocate its pages.
_SWAP = "UPDATE part SET version = ?, tick = ? WHERE domain = ? AND name = '' AND version = ?"
_UPDATE = "UPDATE part SET version = ?, tick = ?, data = ? WHERE domain = ? AND name = ?"
_INSERT = "INSERT INTO part (version, tick, data, domain, name) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_DELETE = "DELETE FROM part WHERE domain = ? AND name = ?"
_VERSION = "SELECT version FROM part WHERE domain = ? AND name = ''"
_PARTS = "SELECT name, data FROM part WHERE domain = ? AND name <> '' AND version > ?"


class SqliteStore:
    """Keeps domains in a file.

    Args:
        path: The file; created with mode 0600 in a directory of mode 0700.
        report: Called with a sentence about a file that was set aside.
        since_boot: Nanoseconds since boot, suspends included.
        wall: The wall clock: nanoseconds since the epoch.
        boot: The name of the current boot.
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
        self._file = SqliteFile(path, report, self._sync_clock)
        self._offset = 0
        self._start: Start | None = None
        self._swaps = 0
        self._locked_for_fork = False
        self.forked()
        after_fork(self)

    def forked(self) -> None:
        """Reset in a forked child."""
        self._file.forked()
        self._wakeup = WakeUp(self._woken)

    def before_fork(self) -> None:
        """Lock out all threads: a child would inherit a half-done transaction that never ends."""
        self._locked_for_fork = self._file.lock.threads.acquire(timeout=_PAUSE_FOR_FORK)

    def after_fork_in_parent(self) -> None:
        """Unlock in the parent."""
        if self._locked_for_fork:
            self._file.lock.threads.release()

    @property
    def description(self) -> str:
        """For users: what and where."""
        return f"sqlite {self.path}"

    def open(self) -> None:
        """Adopt the file's clock, if the file can be used. May block."""
        with suppress(StoreUnavailable, StoreBusy), self._file.transaction(patient=True):
            pass

    @property
    def ready(self) -> bool:
        """Whether the file was opened."""
        return self._start is not None

    def tick(self) -> int:
        """The file's clock, which never jumps and continues after a reboot."""
        return self._since_boot() + self._offset

    def start(self) -> Start:
        """The origin of the clock in this process."""
        if self._start is None:
            return Start(self._offset, self.tick(), self._wall, self._wall())
        return self._start

    def turn(self, *, patient: bool = False) -> Transaction:
        """One exclusive transaction."""
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
        """Wake a process, as there may be room; False if it is surely dead."""
        return self._wakeup.wake(_port(address))

    def lives(self, address: str) -> bool:
        """Whether a process may be alive."""
        return self._wakeup.lives(_port(address))

    def close(self) -> None:
        """Release the file; the next use opens it again."""
        self._file.close()
        self._wakeup.close()

    def _sync_clock(self, connection: sqlite3.Connection) -> None:
        """Continue the file's clock; called in a transaction whenever the file is opened."""
        boot, since_boot = self._boot(), self._since_boot()
        known = connection.execute("SELECT boot, offset FROM clock").fetchone()
        last = int(connection.execute("SELECT max(tick) FROM part").fetchone()[0] or 0)
        offset = self._offset  # a new file continues its creator's clock
        if known is not None:
            offset = offset_for(boot, known[0], known[1], last, since_boot)
        if since_boot + offset < last:  # the machine was restored from a snapshot
            offset = last - since_boot
        if known != (boot, offset):
            connection.execute("INSERT OR REPLACE INTO clock VALUES (1, ?, ?)", (boot, offset))
        self._offset = offset
        now, wall = since_boot + offset, self._wall()
        # Without names of boots, the machine may have been off at any time before now.
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
    # In a damaged file it may be a number, of which `bytes` would make that many zeros.
    return Snapshot(version, {str(name): data if isinstance(data, bytes) else b"" for name, data in rows})


def _port(address: str) -> int:
    return int(address) if address.isdigit() and len(address) <= 5 else 0
