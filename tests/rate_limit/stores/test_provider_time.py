"""What one process learns of the provider's time: who else knows it, for how long, and what it changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.quota import NANOSECONDS, CalendarDay, Kind, Limit, PoolRules
from massgen_plugins.rate_limit import replica as replica_module
from massgen_plugins.rate_limit.forgetting import forget_learned
from massgen_plugins.rate_limit.stores.base import Store
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from tests.rate_limit.stores.process import DOMAIN, MODEL, Process

RULES = PoolRules((Limit(Kind.REQUESTS, 5, CalendarDay("UTC")),), cooldown_mode="off", zone="UTC")
DAY = 86_400 * NANOSECONDS
NOON = 20_000 * DAY + DAY // 2


class Machine:
    """One with clocks; ``truth`` is the provider's time."""

    def __init__(self, path: Path) -> None:
        self.path, self.boot, self.up, self.truth, self.wrong_by = path, "first", 10**12, NOON, 0
        self.said: list[str] = []
        self._processes: list[Process] = []

    def pass_time(self, nanoseconds: int) -> None:
        self.up += nanoseconds
        self.truth += nanoseconds

    def start_again(self) -> None:
        self.boot, self.up = "second", 10**9

    def wall(self) -> int:
        return self.truth + self.wrong_by

    def open(self) -> Process:
        """A process begins."""
        store = SqliteStore(
            self.path,
            self.said.append,
            since_boot=lambda: self.up,
            boot=lambda: self.boot,
            wall=self.wall,
        )
        store.open()
        return self._begin(store)

    def alone(self) -> Process:
        """A process that shares nothing begins."""
        return self._begin(MemoryStore(lambda: self.up, self.wall))

    def spent_day(self) -> Process:
        """A process that has learned the time, and whose day is used up."""
        process = self.open()
        process.learn_time(self.truth)
        assert process.spend(9) == 5
        return process

    def close(self) -> None:
        for process in self._processes:
            process.store.close()

    def _begin(self, store: Store) -> Process:
        self._processes.append(Process(store, RULES, f"process {len(self._processes)}", self.said))
        return self._processes[-1]


def used(process: Process) -> int:
    """How much of the day is used."""
    [used_today] = process.used()
    return used_today


@pytest.fixture
def machine(tmp_path: Path):
    machine = Machine(tmp_path / "quota.sqlite3")
    yield machine
    machine.close()


@pytest.mark.parametrize("wrong_by", [-DAY, DAY, 365 * DAY])
def test_a_clock_that_is_set_begins_no_day_here_beside_or_later(machine: Machine, wrong_by: int) -> None:
    process, beside = machine.spent_day(), machine.open()
    assert used(beside) == 5
    machine.wrong_by = wrong_by
    machine.pass_time(2 * NANOSECONDS)
    for each in (process, beside, machine.open()):
        assert (each.spend(1), used(each)) == (0, 5)


def test_the_day_ends_when_the_provider_says_so(machine: Machine) -> None:
    process = machine.spent_day()
    machine.wrong_by = -DAY
    machine.pass_time(DAY // 2 - 30 * NANOSECONDS)
    assert process.spend(1) == 0
    machine.pass_time(60 * NANOSECONDS)
    assert process.spend(9) == 5


def test_it_is_kept_through_many_further_answers(machine: Machine) -> None:
    process = machine.spent_day()
    for _ in range(300):
        process.learn_time(machine.truth // NANOSECONDS * NANOSECONDS)
        machine.pass_time(NANOSECONDS // 3)
    process.store.close()
    machine.wrong_by = DAY
    assert used(machine.open()) == 5


def test_after_a_reboot_the_clock_counts_as_it_was_at_the_opening(machine: Machine) -> None:
    machine.spent_day().store.close()
    machine.start_again()
    machine.truth += DAY
    process = machine.open()
    assert process.spend(2) == 2
    machine.wrong_by = -DAY
    machine.pass_time(2 * NANOSECONDS)
    assert used(process) == 2


def test_after_a_reboot_it_is_never_earlier_than_it_was(machine: Machine) -> None:
    machine.spent_day().store.close()
    machine.start_again()
    machine.wrong_by = -DAY
    process = machine.open()
    assert (process.spend(1), used(process)) == (0, 5)


def test_where_boots_have_no_name_a_later_process_trusts_the_machine_until_it_learns(
    machine: Machine,
) -> None:
    """It cannot know whether the machine was off; the answers that it gets then count for all."""
    machine.boot = ""
    process = machine.spent_day()
    machine.wrong_by = DAY
    machine.pass_time(2 * NANOSECONDS)
    later = machine.open()
    assert (used(process), used(later)) == (5, 0)
    machine.pass_time(NANOSECONDS)
    later.learn_time(machine.truth)
    assert (used(process), used(later)) == (5, 5)


def test_where_boots_have_no_name_a_day_passes_while_the_machine_is_off(machine: Machine) -> None:
    """It was on for longer this time than the last time, so its clock does not show that it was off."""
    machine.boot = ""
    machine.spent_day().store.close()
    machine.up, machine.truth = 2 * 10**12, machine.truth + 2 * DAY
    assert machine.open().spend(9) == 5


def test_it_can_be_forgotten_with_what_refusals_taught(machine: Machine) -> None:
    process, beside = machine.spent_day(), machine.open()
    machine.wrong_by = DAY
    assert used(beside) == 5
    forget_learned(process.store, DOMAIN, [MODEL])
    assert used(beside) == used(process) == 0


@pytest.mark.parametrize("wrong_by", [-DAY, DAY])
def test_a_process_alone_learns_it_too(machine: Machine, wrong_by: int) -> None:
    process = machine.alone()
    process.learn_time(machine.truth)
    assert process.spend(9) == 5
    machine.wrong_by = wrong_by
    machine.pass_time(2 * NANOSECONDS)
    assert (process.spend(1), used(process)) == (0, 5)


def test_the_time_counts_from_the_moment_at_which_it_is_learned(machine: Machine) -> None:
    """Two calls were counted on tomorrow, by the machine; the two after it count today."""
    machine.wrong_by = DAY
    process = machine.alone()
    assert process.spend(2) == 2
    process.learn_time(machine.truth)
    assert process.spend(2) == 2
    assert used(process) == 2


def test_a_machine_that_sleeps_over_midnight_begins_the_next_day(machine: Machine) -> None:
    process = machine.alone()
    process.learn_time(machine.truth)
    assert process.spend(9) == 5
    machine.pass_time(DAY)
    assert used(process) == 0


def test_when_the_store_fails_a_process_goes_on_with_the_time_that_it_knows(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = machine.spent_day()

    def fail(*_: object, **__: object) -> None:
        raise StoreUnavailable("The disk is gone.")

    with monkeypatch.context() as broken:
        broken.setattr(process.store, "load", fail)
        broken.setattr(process.store, "swap", fail)
        machine.wrong_by = DAY
        machine.pass_time(2 * NANOSECONDS)
        assert process.spend(1) == 0
        machine.pass_time(DAY)
        process.learn_time(machine.truth)
        assert process.spend(2) == 2
    monkeypatch.setattr(replica_module.time, "monotonic", lambda: 10**9)
    assert used(process) == used(machine.open()) == 2
    assert len(machine.said) == 2
