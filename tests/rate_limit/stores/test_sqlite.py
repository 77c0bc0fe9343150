"""The SQLite store: private, shared, kept over restarts and reboots, and never in the way of a run."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from massgen_plugins.rate_limit.decision import Reason
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.stores.awaited import awaited
from massgen_plugins.rate_limit.stores.fallback import FallbackStore
from massgen_plugins.rate_limit.stores.replica import Replica

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Kind, Limit, Scope, ScopeRules
from massgen_plugins.rate_limit.stores.base import StoreBusy
from massgen_plugins.rate_limit.stores.boot_clock import offset_for
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from massgen_plugins.rate_limit.stores.sqlite_file import SqliteFile

PACIFIC = "America/Los_Angeles"
SCOPE = Scope("gemini", "project", "gemini-2.5-flash")
RULES = ScopeRules(
    limits=(Limit(Kind.REQUESTS, 3, MINUTE), Limit(Kind.REQUESTS, 20, CalendarDay(PACIFIC))), zone=PACIFIC
)
ONE = {Kind.REQUESTS: 1}


class Machine:
    """The clocks of a machine."""

    def __init__(self) -> None:
        self.boot, self.up, self.wall = "first", 10**12, 1_790_000_000 * NANOSECONDS

    def pass_time(self, seconds: float) -> None:
        self.up += int(seconds * NANOSECONDS)
        self.wall += int(seconds * NANOSECONDS)

    def reboot(self, name: str, uptime: float) -> None:
        self.boot, self.up = name, int(uptime * NANOSECONDS)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def open_store(tmp_path: Path, machine: Machine):
    """Opens the same file, as another process would."""
    opened: list[SqliteStore] = []

    def make(
        path: Path = tmp_path / "state" / "quota.sqlite3", reports: list[str] | None = None
    ) -> SqliteStore:
        store = SqliteStore(
            path,
            reports.append if reports is not None else None,
            since_boot=lambda: machine.up,
            boot=lambda: machine.boot,
            wall=lambda: machine.wall,
        )
        opened.append(store)
        return store

    yield make
    for store in opened:
        store.close()


def grants(store: SqliteStore, count: int, lane: str = "lane") -> int:
    now = store.tick()
    return len(store.admit(SCOPE, lane, [Bid(1, now + n, ONE) for n in range(count)]).holds)


def used(store: SqliteStore) -> list[int]:
    return [usage.used for usage in store.view()[0].usage]


def test_the_file_is_private_and_made_when_first_used(open_store, tmp_path: Path) -> None:
    store = open_store()
    assert not (tmp_path / "state").exists()
    store.configure(SCOPE, RULES)
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    for file in (tmp_path / "state").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_two_processes_share_a_scope(open_store) -> None:
    one, other = open_store(), open_store()
    one.configure(SCOPE, RULES)
    assert grants(one, 2) == 2
    assert grants(other, 2, lane="other") == 1
    assert used(one) == used(other) == [3, 3]


def test_what_one_process_learns_holds_for_the_other(open_store) -> None:
    one, other = open_store(), open_store()
    one.configure(SCOPE, RULES)
    assert grants(other, 1) == 1
    refusal = Refusal(RefusalKind.MINUTE, 5.0, [StatedLimit(Kind.REQUESTS, per_day=False, amount=2)])
    assert one.refused(SCOPE, refusal, one.tick())
    assert grants(other, 1) == 0
    assert [usage.cap for usage in other.view()[0].usage] == [2, 20]


def test_a_day_survives_a_restart(open_store, machine: Machine) -> None:
    store = open_store()
    store.configure(SCOPE, RULES)
    assert grants(store, 3) == 3
    store.close()
    machine.pass_time(70)
    assert used(open_store()) == [0, 3]


def test_after_a_reboot_the_windows_go_on_where_they_stopped(open_store, machine: Machine) -> None:
    store = open_store()
    store.configure(SCOPE, RULES)
    assert grants(store, 3) == 3
    store.close()
    machine.reboot("second", uptime=30)
    again = open_store()
    assert grants(again, 1) == 0
    machine.pass_time(33)
    assert grants(again, 1) == 1


def test_a_wall_clock_that_is_set_changes_no_window(open_store, machine: Machine) -> None:
    store = open_store()
    store.configure(SCOPE, RULES)
    assert grants(store, 3) == 3
    machine.wall += 25 * 3600 * NANOSECONDS
    assert grants(store, 1) == 0
    machine.wall -= 50 * 3600 * NANOSECONDS
    assert grants(store, 1) == 0


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


@pytest.mark.parametrize(
    "content",
    [b"this is not a database" * 50, b"SQLite format 3\x00" + b"\xff" * 4096],
    ids=["text", "SQLite"],
)
def test_a_damaged_file_is_set_aside_and_kept(open_store, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state" / "quota.sqlite3"
    path.parent.mkdir()
    path.write_bytes(content)
    path.with_name(f"{path.name}.lock").touch()  # it has been used as a store
    reports: list[str] = []
    store = open_store(reports=reports)
    with pytest.raises(StoreBusy):  # asked again, it works
        store.configure(SCOPE, RULES)
    store.configure(SCOPE, RULES)
    assert grants(store, 1) == 1
    [kept] = path.parent.glob("*.broken-*")
    assert kept.read_bytes() == content
    assert "was damaged" in reports[0]
    assert kept.name in reports[0]


@pytest.mark.parametrize(
    ("table", "value"),
    [
        ("entry", "r 1 {"),
        ("entry", 'r 1 {"limits": 3}'),
        ("entry", 'r 1 {"limits": [["requests", "many", 60]]}'),
        ("entry", "l []"),
        ("entry", 'l {"learned": {}, "surprise": 1}'),
        ("entry", 'c {"lane": [1]}'),
        ("entry", "f process"),
        ("entry", "t 1 2"),
        ("entry", "t 1 1790000000000000002 1790000000000000001"),
        ("entry", "t 1 0 1790000000000000001"),
        ("entry", "b 1 ffffffffffffffffffffffffffffffffffff 739000"),
        ("entry", "b -1 1 739000"),
        ("entry", "b 1 1 1+2,3"),
        ("entry", "z"),
        ("entry", b"\xff\x00"),
        ("scope", "{"),
        ("scope", "[]"),
        ("scope", b"\x00"),
    ],
)
def test_a_scope_that_cannot_be_read_is_set_aside_too(open_store, tmp_path: Path, table: str, value) -> None:
    store = open_store()
    store.configure(SCOPE, RULES)
    store.close()
    column = "changes" if table == "entry" else "snapshot"
    with sqlite3.connect(store.path) as connection:
        connection.execute(f"UPDATE {table} SET {column} = ?", (value,))
    connection.close()
    reports: list[str] = []
    again = open_store(reports=reports)
    with pytest.raises(StoreBusy):
        again.configure(SCOPE, RULES)
    again.configure(SCOPE, RULES)
    assert grants(again, 1) == 1
    assert len(reports) == 1


@pytest.fixture
def watchful(monkeypatch) -> None:
    """Whether the file still stands there is looked at every time, not ten times a second."""
    monkeypatch.setattr("massgen_plugins.rate_limit.stores.sqlite_file._GLANCE", 0)


@pytest.mark.usefixtures("watchful")
def test_a_file_that_was_deleted_by_hand_is_made_anew(open_store) -> None:
    one, other = open_store(), open_store()
    one.configure(SCOPE, RULES)
    assert grants(one, 1) == 1
    for file in one.path.parent.iterdir():
        file.unlink()
    other.configure(SCOPE, RULES)
    one.configure(SCOPE, RULES)
    assert (grants(one, 2), grants(other, 2, lane="other")) == (2, 1)


@pytest.mark.usefixtures("watchful")
def test_of_two_processes_that_meet_damage_one_sets_it_aside_and_both_share_the_new_file(open_store) -> None:
    reports: list[str] = []
    one, other = open_store(reports=reports), open_store(reports=reports)
    one.configure(SCOPE, RULES)
    assert grants(other, 1) == 1
    with sqlite3.connect(one.path) as connection:
        connection.execute("INSERT INTO entry SELECT 1, max(number) + 1, 0, 'z' FROM entry")
    connection.close()
    for store in (one, other):
        with suppress(StoreBusy):
            store.configure(SCOPE, RULES)
        store.configure(SCOPE, RULES)
    assert len(reports) == 1
    assert (grants(one, 2), grants(other, 2, lane="other")) == (2, 1)


def test_a_commit_that_fails_leaves_nothing_behind(open_store, monkeypatch) -> None:
    store = open_store()
    store.configure(SCOPE, RULES)
    monkeypatch.setattr(Replica, "write", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        grants(store, 2)
    monkeypatch.undo()
    assert grants(store, 3) == 3


def test_news_that_could_not_be_written_is_told_again_under_other_limits_too(open_store, monkeypatch) -> None:
    store = open_store()
    store.configure(SCOPE, RULES)
    hold = store.take(SCOPE, ONE)
    hold.release()
    store.configure(SCOPE, ScopeRules(limits=(RULES.limits[1],), zone=PACIFIC))
    monkeypatch.setattr(Replica, "write_calls", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.rebook(SCOPE, [hold])
    monkeypatch.undo()
    assert [view.in_flight for view in store.view()] == [1]
    store.rebook(SCOPE, [hold])
    assert used(store) == [0]
    assert [view.in_flight for view in store.view()] == [0]


def test_a_store_of_another_version_is_refused_and_left_alone(open_store) -> None:
    store = open_store()
    store.configure(SCOPE, RULES)
    store.close()
    with sqlite3.connect(store.path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreUnavailable, match="another version"):
        open_store().configure(SCOPE, RULES)
    assert not list(store.path.parent.glob("*.broken-*"))


def test_a_file_locked_by_another_program_is_busy_and_in_the_end_unavailable(open_store, monkeypatch) -> None:
    store = open_store()
    store.configure(SCOPE, RULES)
    blocker = sqlite3.connect(store.path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreBusy):
            grants(store, 1)
        monkeypatch.setattr("massgen_plugins.rate_limit.stores.awaited._PATIENCE", 0.05)
        with pytest.raises(StoreUnavailable, match="locked by another program"):
            asyncio.run(awaited(store).admit(SCOPE, "lane", [Bid(1, 1, ONE)], ()))
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()
    with store.patiently():
        assert grants(store, 1) == 1


def test_a_directory_in_the_place_of_the_file_is_one_sentence(open_store, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        open_store(tmp_path / "taken").configure(SCOPE, RULES)


def fill(store: SqliteStore) -> None:
    for number in range(1_000):
        store.configure(Scope("gemini", "x" * 900, f"model-{number}"), RULES)


def test_a_full_disk_is_one_sentence_and_loses_nothing(open_store) -> None:
    store = open_store()
    store.configure(SCOPE, RULES)
    assert grants(store, 1) == 1
    pages = store._file._connection.execute("PRAGMA page_count").fetchone()[0]
    store._file._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailable, match="full"):
        fill(store)
    store.close()
    assert grants(open_store(), 3) == 2


def test_a_fork_opens_the_file_anew(open_store) -> None:
    store = open_store()
    store.configure(SCOPE, RULES)
    assert grants(store, 1) == 1
    child = os.fork()
    if child == 0:
        os._exit(0 if grants(store, 2, lane="child") == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert used(store) == [3, 3]


def test_threads_share_one_store_object(open_store) -> None:
    store = open_store()
    store.configure(SCOPE, ScopeRules(limits=(Limit(Kind.REQUESTS, 1_000, MINUTE),)))
    counts: list[int] = []

    def work(name: str) -> None:
        with store.patiently():
            counts.append(sum(grants(store, 1, lane=name) for _ in range(50)))

    threads = [threading.Thread(target=work, args=(f"lane{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == used(store)[0] == 200


def test_closing_waits_for_the_thread_that_is_at_work(tmp_path: Path) -> None:
    """SQLite does not survive that its connection is closed in the middle of a statement."""
    file = SqliteFile(tmp_path / "quota.sqlite3", lambda _: None, None)
    connection = file.begin()
    closing = threading.Thread(target=file.close, daemon=True)
    closing.start()
    closing.join(0.05)
    assert closing.is_alive()
    connection.execute("SELECT 1")
    file.commit()
    closing.join(10)
    assert not closing.is_alive()
    assert not file.is_open


def test_forgetting_a_scope_drops_what_was_learned(open_store) -> None:
    store = open_store()
    store.configure(SCOPE, RULES)
    grants(store, 3)
    store.forget(SCOPE)
    assert store.view() == []


def test_calls_on_their_way_are_counted_for_people_to_see(open_store) -> None:
    one, other = open_store(), open_store()
    one.configure(SCOPE, RULES)
    hold = one.take(SCOPE, ONE)
    other.admit(SCOPE, "lane", [Bid(1, n, ONE) for n in range(5)])
    assert [(view.in_flight, view.waiting) for view in one.view()] == [(3, 3)]
    hold.end()
    one.rebook(SCOPE, [hold])
    assert [view.in_flight for view in other.view()] == [2]


def test_forgetting_lessons_keeps_what_was_spent(open_store) -> None:
    store = open_store()
    store.configure(SCOPE, RULES)
    assert grants(store, 1) == 1
    refusal = Refusal(RefusalKind.MINUTE, 5.0, [StatedLimit(Kind.REQUESTS, per_day=False, amount=1)])
    store.refused(SCOPE, refusal, store.tick())
    store.unlearn(SCOPE)
    assert grants(store, 3) == 2


def test_no_api_key_and_no_prompt_has_a_place_in_the_file(open_store) -> None:
    store = open_store()
    store.configure(SCOPE, RULES)
    columns = [
        row[1]
        for table in ("scope", "entry")
        for row in store._file._connection.execute(f"PRAGMA table_info({table})")
    ]
    assert columns == [
        *("id", "provider", "account", "model", "endpoint", "number", "snapshot"),
        *("scope", "number", "tick", "changes"),
    ]


def test_news_of_a_call_that_other_books_hold_changes_nothing(open_store) -> None:
    store = open_store()
    store.configure(SCOPE, RULES)
    lost = store.take(SCOPE, ONE)
    store.forget(SCOPE)
    store.configure(SCOPE, RULES)
    assert grants(store, 2) == 2
    lost.release()
    store.rebook(SCOPE, [lost])
    assert used(store) == [2, 2]


def test_when_the_shared_store_fails_the_process_goes_on_alone_and_comes_back(
    open_store, monkeypatch
) -> None:
    reports: list[str] = []
    shared = open_store()
    store = FallbackStore(awaited(shared), lambda tick: awaited(MemoryStore(tick)), reports.append)
    working = shared.admit

    async def ask(*arrivals: int) -> int:
        await store.configure(SCOPE, RULES)
        return len((await store.admit(SCOPE, "lane", [Bid(1, n, ONE) for n in arrivals], ())).holds)

    def fail(*args):
        raise StoreUnavailable("the disk is gone.")

    monkeypatch.setattr(shared, "admit", fail)
    assert asyncio.run(ask(0, 1, 2, 3, 4)) == 3
    asyncio.run(ask(9))
    assert len(reports) == 1
    assert "the disk is gone. The quota is kept in memory of this process until" in reports[0]
    monkeypatch.setattr(shared, "admit", working)
    monkeypatch.setattr("massgen_plugins.rate_limit.stores.fallback.time.monotonic", lambda: 10**9)
    assert asyncio.run(ask(9)) == 1
    assert "works again" in reports[1]
    assert used(shared) == [1, 1]


def test_who_finds_its_day_spent_behind_others_who_wait_for_a_minute_is_told_so(open_store) -> None:
    minute = Limit(Kind.REQUESTS, 1, MINUTE)
    day = Limit(Kind.INPUT_TOKENS, 10, CalendarDay("America/Los_Angeles"))
    store = open_store()
    store.configure(SCOPE, ScopeRules(limits=(minute, day), cooldown_mode="off"))
    store.admit(SCOPE, "one", [Bid(1, 1, ONE | {Kind.INPUT_TOKENS: 10})])
    assert store.admit(SCOPE, "waits", [Bid(1, 2, ONE)]).blocker.reason is Reason.LIMIT
    assert store.admit(SCOPE, "late", [Bid(1, 3, {Kind.INPUT_TOKENS: 1})]).blocker.reason is Reason.DAY
