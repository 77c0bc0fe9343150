"""The SQLite store in use: shared, and kept over restarts and reboots."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.quota import MINUTE, NANOSECONDS, Kind, Limit, PoolRules
from massgen_plugins.rate_limit.domain import FACTS, DomainState
from massgen_plugins.rate_limit.stores.boot_clock import offset_for
from massgen_plugins.rate_limit.stores.sqlite_view import read_file
from tests.rate_limit.stores.machine import LIMIT, Machine, hold
from tests.rate_limit.stores.process import Process


def test_two_processes_share_a_pool(machine: Machine) -> None:
    one, other = machine.open(), machine.open()
    assert one.spend(4) == 4
    assert other.spend(4) == 2
    assert one.used() == other.used() == [LIMIT, LIMIT]


def test_who_was_overtaken_looks_before_it_decides_again(machine: Machine) -> None:
    one, other = machine.open(), machine.open()
    decided: list[int] = []

    def decide(number: int, state: DomainState) -> None:
        decided.append(number)
        state.changed.add(FACTS)

    for number in range(4):
        assert other.spend(1) == 1
        one.replica.transact(lambda state, _, number=number: decide(number, state), patient=True)
    assert decided == [0, 1, 1, 2, 3]  # at first it loads all, then it does not expect others yet


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


def test_a_forked_child_shares_the_file(machine: Machine) -> None:
    process = machine.open()
    assert process.spend(1) == 1
    child = os.fork()
    if child == 0:
        process.replica.forked("child")
        os._exit(0 if process.spend(2) == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert process.used() == [3, 3]


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
