"""Looking into a file: whose it is, what it holds at one moment, and that nothing is left behind."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from massgen_plugins.rate_limit.stores.sqlite_format import APPLICATION_ID, FORMAT, FileKind, kind_of
from massgen_plugins.rate_limit.stores.sqlite_view import check_integrity, read_file

OLD = {"clock", "secret", "scope"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "quota.sqlite3"


def make(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("application", "version", "tables", "kind"),
    [
        (APPLICATION_ID, FORMAT, set(), FileKind.OURS),
        (APPLICATION_ID, FORMAT + 1, set(), FileKind.NEWER),
        (APPLICATION_ID, FORMAT - 1, set(), FileKind.OLD),
        (APPLICATION_ID, 0, set(), FileKind.FOREIGN),
        (0, 4, OLD, FileKind.OLD),
        (0, 4, {"clock"}, FileKind.FOREIGN),
        (0, 5, OLD, FileKind.FOREIGN),
        (0, 0, set(), FileKind.EMPTY),
        (0, 0, {"notes"}, FileKind.FOREIGN),
        (7, 0, set(), FileKind.FOREIGN),
    ],
)
def test_whose_a_file_is(application: int, version: int, tables: set[str], kind: FileKind) -> None:
    assert kind_of(application, version, tables) is kind


def test_what_was_written_is_read_while_the_file_is_open_and_when_it_is_closed(path: Path) -> None:
    store = SqliteStore(path)
    assert store.swap("a", 0, 1, {"facts": b"1", "queue": b"2"}, patient=True) is None
    assert store.swap("b", 0, 5, {"facts": b"3"}, patient=True) is None
    tick = store.tick()
    for _ in range(2):
        content = read_file(path)
        assert content is not None
        assert content.domains == {"a": {"facts": b"1", "queue": b"2"}, "b": {"facts": b"3"}}
        assert content.clock.same_boot
        assert content.clock.latest <= tick <= content.clock.tick
        assert check_integrity(path) == ""
        store.close()


def test_after_a_reboot_the_clock_goes_on_where_it_stopped(path: Path) -> None:
    store = SqliteStore(path, since_boot=lambda: 1000, boot=lambda: "first")
    store.swap("a", 0, 1, {"facts": b"1"}, patient=True)
    store.close()
    content = read_file(path, since_boot=lambda: 7, boot=lambda: "second", wall=lambda: 42)
    assert content is not None
    assert content.clock.tick == 1007
    assert not content.clock.same_boot
    assert content.clock.start.wall() == 42


def test_a_file_behind_a_link_is_read_with_what_waits_beside_it(path: Path, tmp_path: Path) -> None:
    (tmp_path / "behind").mkdir()
    path.symlink_to(tmp_path / "behind" / "real.sqlite3")
    store = SqliteStore(path)
    store.swap("a", 0, 1, {"facts": b"1"}, patient=True)
    content = read_file(path)
    store.close()
    assert content is not None
    assert list(content.domains) == ["a"]


def test_every_reading_is_of_one_moment_while_others_write(path: Path) -> None:
    """Parts that are written together are read together, over openings, checkpoints and closings."""
    store = SqliteStore(path)
    done = threading.Event()

    def write() -> None:
        try:
            for version in range(1, 1200):
                text = str(version).encode()
                store.swap("a", version - 1, version, {"facts": text, "queue": text}, patient=True)
                if version % 300 == 0:
                    store.close()
        finally:
            done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        content = read_file(path)
        if content is not None and content.domains:
            parts = content.domains["a"]
            assert parts["facts"] == parts["queue"]
            seen.add(parts["facts"])
    writer.join()
    store.close()
    assert len(seen) > 1


def test_a_file_that_was_begun_and_never_written_is_an_empty_store(path: Path) -> None:
    """Its process was killed between the first page and the tables."""
    make(path, "PRAGMA journal_mode = WAL")
    assert path.stat().st_size
    assert read_file(path) is None
    store = SqliteStore(path)
    assert store.swap("a", 0, 1, {"facts": b"1"}, patient=True) is None
    store.close()
    assert read_file(path) is not None


def test_somebody_elses_tables_are_left_alone(path: Path) -> None:
    make(path, "CREATE TABLE notes (text)")
    before = path.read_bytes()
    store = SqliteStore(path)
    with pytest.raises(StoreUnavailable, match="not a file of massgen-plugins"):
        store.load("a", 0, patient=True)
    with pytest.raises(StoreUnavailable, match="not a file of massgen-plugins"):
        read_file(path)
    store.close()
    assert path.read_bytes() == before
