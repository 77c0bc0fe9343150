"""What can go wrong with the file of a store in use: a run goes on, and no limit is lifted."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

import pytest

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores import sqlite_file
from massgen_plugins.rate_limit.stores.base import StoreBusy
from massgen_plugins.rate_limit.stores.sqlite_view import check_integrity
from tests.rate_limit.stores.machine import LIMIT, Machine, hold


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


def test_of_a_file_that_was_deleted_those_who_knew_more_tell_it_more(machine: Machine) -> None:
    one, other = machine.open(), machine.open()
    assert one.spend(1) + other.spend(3) == 4
    for file in machine.path.parent.iterdir():
        file.unlink()
    spent = 4 + one.spend(1) + other.spend(LIMIT) + one.spend(LIMIT)
    assert 5 <= spent <= LIMIT


def test_what_was_spent_by_processes_apart_counts_though_the_file_was_deleted_meanwhile(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, retry_time: Callable[[], None]
) -> None:
    monkeypatch.setattr(sqlite_file, "_FOREIGN_LOCK_WAIT", 1)
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
    version = "(SELECT version FROM part WHERE name = '')"
    machine.scribble(
        "UPDATE part SET version = version + 1 WHERE name = ''",
        f"UPDATE part SET data = {value}, version = {version} WHERE name = '{part}'",
    )
    assert one.spend(LIMIT) + other.spend(LIMIT) == LIMIT - 4
    assert [line for line in machine.said if "was damaged" in line]


def test_a_writer_that_is_killed_leaves_nothing_behind_and_holds_up_nobody(machine: Machine) -> None:
    process = machine.open()
    assert process.spend(2) == 2
    child = os.fork()
    if child == 0:
        with process.store._file.transaction(patient=True) as connection:
            connection.execute("UPDATE part SET version = version + 1 WHERE name = ''")
            connection.execute("DELETE FROM part")
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert process.take(patient=False) is not None
    assert machine.open().used() == [3, 3]
    assert check_integrity(machine.path) == ""


def test_a_file_that_another_program_holds_is_busy_and_in_the_end_unavailable(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, retry_time: Callable[[], None]
) -> None:
    monkeypatch.setattr(sqlite_file, "_FOREIGN_LOCK_WAIT", 50)
    process = machine.open()
    assert process.spend(1) == 1
    holder = hold(machine.path)
    with pytest.raises(StoreBusy):
        process.take(patient=False)
    assert process.spend(LIMIT) == LIMIT - 1
    assert [line for line in machine.said if "locked by another program" in line] == machine.said
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
