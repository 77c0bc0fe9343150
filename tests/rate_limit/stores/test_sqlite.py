"""The SQLite store in use: shared, kept over restarts and reboots, and never in the way of a run."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Kind, Limit, PoolRules
from massgen_plugins.rate_limit import replica as replica_module
from massgen_plugins.rate_limit.stores import sqlite_file
from massgen_plugins.rate_limit.stores.base import StoreBusy
from massgen_plugins.rate_limit.stores.boot_clock import offset_for
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from massgen_plugins.rate_limit.stores.sqlite_view import check_integrity, read_file
from tests.rate_limit.stores.process import Process

PACIFIC = "America/Los_Angeles"
LIMIT = 6
RULES = PoolRules(
    limits=(Limit(Kind.REQUESTS, LIMIT, MINUTE), Limit(Kind.REQUESTS, 20, CalendarDay(PACIFIC))),
    cooldown_mode="off",
    zone=PACIFIC,
)


class Machine:
    """Processes on one machine, over one file, and the machine's clocks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.boot, self.up, self.wall = "first", 10**12, 1_790_000_000 * NANOSECONDS
        self.said: list[str] = []
        self.processes: list[Process] = []

    def pass_time(self, seconds: float) -> None:
        self.up += int(seconds * NANOSECONDS)
        self.wall += int(seconds * NANOSECONDS)

    def reboot(self, name: str, uptime: float) -> None:
        self.boot, self.up = name, int(uptime * NANOSECONDS)

    def open(self, rules: PoolRules = RULES) -> Process:
        """A process begins."""
        store = SqliteStore(
            self.path,
            self.said.append,
            since_boot=lambda: self.up,
            boot=lambda: self.boot,
            wall=lambda: self.wall,
        )
        self.processes.append(Process(store, rules, f"process {len(self.processes)}", self.said))
        return self.processes[-1]

    def scribble(self, *statements: str) -> None:
        """Another program writes into the file."""
        connection = sqlite3.connect(self.path, isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        connection.close()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.setattr(
        sqlite_file, "_LOOK", 0
    )  # whether the file still stands there is looked at every time
    machine = Machine(tmp_path / "state" / "quota.sqlite3")
    yield machine
    for process in machine.processes:
        process.store.close()


@pytest.fixture
def retry_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A store that has failed is tried again from now on."""
    return lambda: monkeypatch.setattr(replica_module.time, "monotonic", lambda: 10**9)


def hold(path: Path) -> sqlite3.Connection:
    """Another program begins to write, and does not end."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    return connection


def test_two_processes_share_a_pool(machine: Machine) -> None:
    one, other = machine.open(), machine.open()
    assert one.spend(4) == 4
    assert other.spend(4) == 2
    assert one.used() == other.used() == [LIMIT, LIMIT]


def test_what_one_process_learns_holds_for_the_other(machine: Machine) -> None:
    one, other = machine.open(), machine.open()
    call = one.take()
    assert other.spend(1) == 1
    stated = StatedLimit(kind=Kind.REQUESTS, window=MINUTE, amount=2)
    assert one.refused(call, Refusal(RefusalKind.WINDOW, limits=(stated,)))
    assert other.spend(1) == 0
    assert [row.cap for row in other.view()] == [2, 20]


def test_a_day_survives_a_restart(machine: Machine) -> None:
    process = machine.open()
    assert process.spend(3) == 3
    process.store.close()
    machine.pass_time(70)
    assert machine.open().used() == [0, 3]


def test_after_a_reboot_the_windows_go_on_where_they_stopped(machine: Machine) -> None:
    process = machine.open()
    assert process.spend(LIMIT) == LIMIT
    process.store.close()
    machine.reboot("second", uptime=30)
    again = machine.open()
    assert again.spend(1) == 0
    machine.pass_time(33)
    assert again.spend(1) == 1


def test_a_wall_clock_that_is_set_changes_no_window(machine: Machine) -> None:
    process = machine.open()
    assert process.spend(LIMIT) == LIMIT
    for hours in (25, -50):
        machine.wall += hours * 3600 * NANOSECONDS
        assert process.spend(1) == 0


@pytest.mark.parametrize(
    ("boot", "known", "since", "expected"),
    [
        ("same", "same", 500, 7),  # the same boot keeps its offset
        ("new", "old", 500, 1_000),  # another boot goes on from the last tick
        ("", "", 2_000, 7),  # a system that cannot name its boots: time has gone on
        ("", "", 500, 1_000),  # and here it would run backwards, so it was rebooted
    ],
)
def test_the_offset_of_a_boot(boot: str, known: str, since: int, expected: int) -> None:
    assert offset_for(boot, known, known_offset=7, last_tick=1_000, since_boot=since) == expected


def test_a_file_that_was_deleted_is_made_anew_and_told_what_was_spent(machine: Machine) -> None:
    one, other = machine.open(), machine.open()
    assert one.spend(2) + other.spend(1) == one.used()[0] == 3
    for file in machine.path.parent.iterdir():
        file.unlink()
    spent = 3 + other.spend(1) + one.spend(LIMIT) + other.spend(LIMIT)
    assert 4 <= spent <= LIMIT  # the latest calls may count twice in the minute, once in the day
    assert one.used()[1] == other.used()[1] == machine.open().used()[1] == spent
    machine.pass_time(63)
    assert one.spend(4) + other.spend(LIMIT) == LIMIT


def test_what_was_spent_by_processes_apart_counts_though_the_file_was_deleted_meanwhile(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, retry_time: Callable[[], None]
) -> None:
    monkeypatch.setattr(sqlite_file, "_HELD", 1)
    one, other = machine.open(), machine.open()
    assert one.spend(1) + other.spend(1) == one.used()[0] == 2
    holder = hold(machine.path)
    assert one.spend(LIMIT) + other.spend(LIMIT) == LIMIT - 2
    holder.close()
    for file in machine.path.parent.iterdir():
        file.unlink()
    retry_time()
    assert one.spend(1) == other.spend(1) == 0
    assert one.used()[1] == other.used()[1] == machine.open().used()[1] == LIMIT


def test_of_two_processes_that_meet_damage_one_sets_it_aside_and_both_share_the_new_file(
    machine: Machine,
) -> None:
    one, other = machine.open(), machine.open()
    assert one.spend(1) + other.spend(1) == one.used()[0] == 2
    machine.scribble("DROP TABLE part")
    spent = 2 + one.spend(1) + other.spend(LIMIT) + one.spend(LIMIT)
    assert 3 <= spent <= LIMIT
    assert one.used()[1] == other.used()[1] == machine.open().used()[1] == spent
    machine.pass_time(63)
    assert one.spend(4) + other.spend(LIMIT) == LIMIT
    [said] = machine.said
    assert "was damaged" in said
    assert len(list(machine.path.parent.glob("quota.sqlite3.aside-*"))) >= 1


@pytest.mark.parametrize("value", ["'text'", "7", "1e300", str(1 << 60), "x''"])
@pytest.mark.parametrize("part", ["facts", "book/gemini-2.5-flash"])
def test_a_part_that_another_program_has_written_stops_nobody(
    machine: Machine, part: str, value: str
) -> None:
    one, other = machine.open(), machine.open()
    assert one.spend(2) + other.spend(2) == one.used()[0] == 4
    machine.scribble(
        "UPDATE domain SET version = version + 1",
        f"UPDATE part SET data = {value}, version = (SELECT version FROM domain) WHERE name = '{part}'",
    )
    assert one.spend(LIMIT) + other.spend(LIMIT) == LIMIT - 4
    assert [line for line in machine.said if "was damaged" in line]


def test_a_writer_that_is_killed_leaves_nothing_behind_and_holds_up_nobody(machine: Machine) -> None:
    process = machine.open()
    assert process.spend(2) == 2
    child = os.fork()
    if child == 0:
        with process.store._file.transaction(patient=True) as connection:
            connection.execute("UPDATE domain SET version = version + 1")
            connection.execute("DELETE FROM part")
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert process.take(patient=False) is not None
    assert machine.open().used() == [3, 3]
    assert check_integrity(machine.path) == ""


def test_a_forked_child_shares_the_file(machine: Machine) -> None:
    process = machine.open()
    assert process.spend(1) == 1
    child = os.fork()
    if child == 0:
        process.replica.forked("child")
        os._exit(0 if process.spend(2) == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert process.used() == [3, 3]


def test_a_file_that_another_program_holds_is_busy_and_in_the_end_unavailable(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, retry_time: Callable[[], None]
) -> None:
    monkeypatch.setattr(sqlite_file, "_HELD", 50)
    process = machine.open()
    assert process.spend(1) == 1
    holder = hold(machine.path)
    with pytest.raises(StoreBusy):
        process.take(patient=False)
    assert process.spend(LIMIT) == LIMIT - 1
    assert [line for line in machine.said if "held by another program" in line] == machine.said
    holder.execute("ROLLBACK")
    holder.close()
    retry_time()
    assert process.spend(1) == 0
    assert machine.open().spend(1) == 0
    assert "works again" in machine.said[-1]


def test_a_file_that_another_program_holds_for_a_moment_is_waited_for(machine: Machine) -> None:
    process = machine.open()
    assert process.spend(1) == 1
    holder = hold(machine.path)
    release = threading.Timer(0.1, holder.execute, ["ROLLBACK"])
    release.start()
    assert process.spend(1) == 1
    release.join()
    holder.close()
    assert not machine.said
    assert machine.open().used() == [2, 2]


def test_a_full_disk_is_said_and_loses_nothing(machine: Machine, retry_time: Callable[[], None]) -> None:
    process = machine.open()
    assert process.spend(1) == 1
    connection = process.store._file._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailable, match="full"):
        process.store.swap("other", 0, 1, {"large": bytes(100_000)}, patient=True)
    assert process.spend(2) == 2
    process.store.close()
    retry_time()
    assert machine.open().spend(LIMIT) == LIMIT - 3


def test_threads_share_one_store(machine: Machine) -> None:
    process = machine.open(PoolRules((Limit(Kind.REQUESTS, 150, MINUTE),), cooldown_mode="off"))
    processes = [process, *(Process(process.store, process.rules, f"thread {n}", []) for n in range(3))]
    counts: list[int] = []
    threads = [threading.Thread(target=lambda each=each: counts.append(each.spend(50))) for each in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == process.used()[0] == 150


def test_closing_waits_for_the_thread_that_is_at_work(machine: Machine) -> None:
    """SQLite does not survive that its connection is closed in the middle of a statement."""
    store = machine.open().store
    with store._file.transaction(patient=True) as connection:
        closing = threading.Thread(target=store.close, daemon=True)
        closing.start()
        closing.join(0.05)
        assert closing.is_alive()
        connection.execute("SELECT 1")
    closing.join(10)
    assert not closing.is_alive()


def test_what_was_written_is_brought_into_the_file_proper_beside_whoever_writes(
    machine: Machine, tmp_path: Path
) -> None:
    process = machine.open()
    assert process.spend(3) == 3
    holder = hold(machine.path)
    process.store._file.checkpoint()
    shutil.copy(machine.path, tmp_path / "copy.sqlite3")  # without what waits beside it
    holder.execute("ROLLBACK")
    holder.close()
    kept, copied = read_file(machine.path), read_file(tmp_path / "copy.sqlite3")
    assert kept is not None
    assert copied is not None
    assert copied.domains == kept.domains
