"""What one process hears of the provider's time: who else knows it, for how long, and what it changes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from massgen_plugins.rate_limit.stores.awaited import awaited
from massgen_plugins.rate_limit.stores.fallback import FallbackStore

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.quota import NANOSECONDS, CalendarDay, Kind, Limit, Scope, ScopeRules
from massgen_plugins.rate_limit.stores.base import ScopeUnknown
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from massgen_plugins.rate_limit.stores.sqlite_view import view_scopes

SCOPE = Scope("gemini", "project", "model")
ONE = {Kind.REQUESTS: 1}
RULES = ScopeRules((Limit(Kind.REQUESTS, 5, CalendarDay("UTC")),), cooldown_mode="off", zone="UTC")
DAY = 86_400 * NANOSECONDS
NOON = 20_000 * DAY + DAY // 2


class Machine:
    """One with clocks; ``truth`` is the provider's time."""

    def __init__(self, path: Path) -> None:
        self.path, self.boot, self.up, self.truth, self.wrong_by = path, "first", 10**12, NOON, 0

    def pass_time(self, nanoseconds: int) -> None:
        self.up += nanoseconds
        self.truth += nanoseconds

    def start_again(self) -> None:
        self.boot, self.up = "second", 10**9

    def open(self, rules: ScopeRules | None = RULES) -> SqliteStore:
        store = SqliteStore(
            self.path,
            since_boot=lambda: self.up,
            boot=lambda: self.boot,
            wall=lambda: self.truth + self.wrong_by,
        )
        if rules:
            store.configure(SCOPE, rules)
        return store

    def look(self) -> int:
        """What people see of the day's use."""
        (view,) = view_scopes(
            self.path,
            since_boot=lambda: self.up,
            boot=lambda: self.boot,
            wall=lambda: self.truth + self.wrong_by,
        )
        return view.usage[0].used


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "quota.sqlite3")


def spend(store: SqliteStore | MemoryStore, count: int) -> int:
    return sum(store.take(SCOPE, ONE) is not None for _ in range(count))


def used(store: SqliteStore | MemoryStore) -> int:
    return store.view()[0].usage[0].used


def spent_day(machine: Machine) -> SqliteStore:
    """A store that has heard the time, and whose day is used up."""
    store = machine.open()
    store.hear(SCOPE, machine.truth, store.tick())
    assert spend(store, 9) == 5
    return store


@pytest.mark.parametrize("wrong_by", [-DAY, DAY, 365 * DAY])
def test_a_clock_that_is_set_begins_no_day_here_beside_or_later(machine: Machine, wrong_by: int) -> None:
    store, beside = spent_day(machine), machine.open()
    assert used(beside) == 5
    machine.wrong_by = wrong_by
    machine.pass_time(2 * NANOSECONDS)
    later = machine.open()
    for each in (store, beside, later):
        assert (spend(each, 1), used(each)) == (0, 5)
        each.close()
    assert machine.look() == 5


def test_the_day_ends_when_the_provider_says_so(machine: Machine) -> None:
    store = spent_day(machine)
    machine.wrong_by = -DAY
    machine.pass_time(DAY // 2 - 30 * NANOSECONDS)
    assert spend(store, 1) == 0
    machine.pass_time(60 * NANOSECONDS)
    assert spend(store, 9) == 5
    store.close()


def test_a_whole_state_that_is_written_keeps_it(machine: Machine) -> None:
    store = spent_day(machine)
    for number in range(300):
        store.leave(SCOPE, "x") if number % 2 else store.admit(SCOPE, "x", [], ())
        store.unlearn(SCOPE) if number < 2 else store.hear(SCOPE, machine.truth, store.tick())
        machine.pass_time(NANOSECONDS)
    store.upkeep()
    store._file._connection.execute("DELETE FROM entry WHERE number < (SELECT max(number) FROM entry)")
    store.close()
    machine.wrong_by = DAY
    assert machine.look() == used(machine.open()) == 5


def test_after_a_reboot_the_clock_counts_as_it_was_at_the_opening(machine: Machine) -> None:
    spent_day(machine).close()
    machine.start_again()
    machine.truth += DAY
    store = machine.open()
    assert spend(store, 2) == 2
    machine.wrong_by = -DAY
    machine.pass_time(2 * NANOSECONDS)
    assert used(store) == 2
    store.close()


def test_after_a_reboot_it_is_never_earlier_than_it_was(machine: Machine) -> None:
    spent_day(machine).close()
    machine.start_again()
    machine.wrong_by = -DAY
    store = machine.open()
    assert (spend(store, 1), used(store)) == (0, 5)
    store.close()


def test_where_boots_have_no_name_a_later_process_trusts_the_machine_until_it_hears(machine: Machine) -> None:
    """It cannot know whether the machine was off; the answers it gets then count for all."""
    machine.boot = ""
    store = spent_day(machine)
    machine.wrong_by = DAY
    machine.pass_time(2 * NANOSECONDS)
    later = machine.open()
    assert (used(store), used(later)) == (5, 0)
    later.hear(SCOPE, machine.truth, later.tick())
    assert (used(store), used(later)) == (5, 5)
    store.close()
    later.close()


def test_it_can_be_forgotten_with_what_refusals_taught(machine: Machine) -> None:
    store, beside = spent_day(machine), machine.open()
    machine.wrong_by = DAY
    assert used(beside) == 5
    store.unlearn(SCOPE)
    assert used(beside) == used(store) == 0
    store.close()
    beside.close()


@pytest.mark.parametrize("wrong_by", [-DAY, DAY])
def test_a_process_alone_hears_it_too(wrong_by: int) -> None:
    machine = Machine(Path())
    store = MemoryStore(lambda: machine.up, lambda: machine.truth + machine.wrong_by)
    store.configure(SCOPE, RULES)
    store.hear(SCOPE, machine.truth, store.tick())
    assert spend(store, 9) == 5
    machine.wrong_by = wrong_by
    machine.pass_time(2 * NANOSECONDS)
    assert (spend(store, 1), used(store)) == (0, 5)


def test_the_time_counts_from_the_moment_in_which_it_is_heard() -> None:
    """Two calls were counted on tomorrow, by the machine; the two after it count today."""
    store = MemoryStore(lambda: 10**12, lambda: NOON + DAY)
    store.configure(SCOPE, RULES)
    assert spend(store, 2) == 2
    store.hear(SCOPE, NOON, store.tick())
    assert spend(store, 2) == 2
    assert used(store) == 2


def test_a_process_alone_counts_suspends_which_its_windows_do_not(monkeypatch) -> None:
    since_boot = [10**12]
    monkeypatch.setattr("massgen_plugins.rate_limit.stores.memory.boot_tick", lambda: since_boot[0])
    store = MemoryStore(wall=lambda: NOON)
    store.configure(SCOPE, RULES)
    store.hear(SCOPE, NOON, store.tick())
    assert spend(store, 9) == 5
    since_boot[0] += DAY
    assert used(store) == 0


def test_what_is_not_there_cannot_hear(machine: Machine) -> None:
    store = machine.open(rules=None)
    with pytest.raises(ScopeUnknown):
        store.hear(SCOPE, machine.truth, store.tick())
    store.close()


def test_when_the_shared_store_fails_the_one_in_its_place_hears_it(machine: Machine, monkeypatch) -> None:
    shared, own = machine.open(), MemoryStore(lambda: machine.up, lambda: machine.truth + machine.wrong_by)
    store = FallbackStore(awaited(shared), lambda _: awaited(own), lambda _: None)

    def fail(*_args) -> None:
        raise StoreUnavailable("the disk is gone.")

    async def main() -> None:
        await store.configure(SCOPE, RULES)
        await store.hear(SCOPE, machine.truth, store.tick())
        monkeypatch.setattr(shared, "hear", fail)
        await store.hear(SCOPE, machine.truth + DAY, store.tick())

    asyncio.run(main())
    for kept, told in ((shared, NOON), (own, NOON + DAY)):
        with kept._transaction(SCOPE, changing=False) as state:
            assert state.heard.early == told
    shared.close()
