"""The file of a store: private, ours by its stamp, set aside when it is damaged or old."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores.base import StoreBusy
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from massgen_plugins.rate_limit.stores.sqlite_format import APPLICATION_ID, FORMAT


def write(store: SqliteStore, version: int = 0) -> None:
    assert store.swap("domain", version, version + 1, {"a": b"1"}, patient=True) is None


def scribble(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_the_file_is_private_and_made_when_first_used(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state" / "quota.sqlite3")
    assert not (tmp_path / "state").exists()
    write(store)
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "state").iterdir()} == {0o600}
    store.close()


@pytest.mark.parametrize(
    ("folder", "file"), [(0o2770, 0o660), (0o2750, 0o600), (0o770, 0o600), (0o777, 0o600), (0o1777, 0o600)]
)
def test_a_folder_that_passes_its_group_on_shares_the_file_with_it(
    tmp_path: Path, folder: int, file: int
) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(folder)
    before = os.umask(0o077)
    try:
        store = SqliteStore(tmp_path / "shared" / "quota.sqlite3")
        write(store)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "shared").iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert len(modes) > 2  # with the lock and SQLite's side files
    assert set(modes.values()) == {file}


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5])
def test_an_old_format_is_set_aside_with_a_sentence(tmp_path: Path, version: int) -> None:
    path, said = tmp_path / "quota.sqlite3", []
    tables = ("clock", "secret", "scope") if version < 5 else ("clock", "domain", "part")
    stamp = [f"PRAGMA application_id = {APPLICATION_ID}"] if version == 5 else []
    scribble(path, *(f"CREATE TABLE {name} (x)" for name in tables), *stamp)
    scribble(path, f"PRAGMA user_version = {version}")
    store = SqliteStore(path, said.append)
    write(store)
    store.close()
    assert len(list(tmp_path.glob("*.aside-*"))) == 1
    assert f"format {version}" in said[0]


def test_what_was_done_in_a_turn_that_fails_is_not_written(tmp_path: Path) -> None:
    """A fault of whoever has the turn says nothing of the file."""
    store = SqliteStore(tmp_path / "quota.sqlite3")
    write(store)

    def fail() -> None:
        with store.turn(patient=True):
            write(store, 1)
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        fail()
    assert store.load("domain", 0) == (1, {"a": b"1"})
    assert not list(tmp_path.glob("*.aside-*"))
    store.close()


def test_in_a_turn_nobody_else_writes(tmp_path: Path) -> None:
    one, other = (SqliteStore(tmp_path / "quota.sqlite3") for _ in range(2))
    write(one)
    assert other.load("domain", 0, patient=True).version == 1
    with one.turn(patient=True):
        write(one, 1)
        with pytest.raises(StoreBusy):
            other.swap("domain", 1, 2, {"a": b"2"})
    assert other.load("domain", 1).version == 2
    one.close()
    other.close()


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "quota.sqlite3"
    store = SqliteStore(path)
    write(store)
    store.close()
    scribble(path, f"PRAGMA user_version = {FORMAT + 1}")
    before = path.read_bytes()
    with pytest.raises(StoreUnavailable, match="newer version"):
        SqliteStore(path).load("domain", 0, patient=True)
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.aside-*"))


def test_damage_is_set_aside_and_kept(tmp_path: Path) -> None:
    path, said = tmp_path / "quota.sqlite3", []
    store = SqliteStore(path, said.append)
    write(store)
    store.close()
    scribble(path, "DROP TABLE part")
    store = SqliteStore(path, said.append)
    with pytest.raises(StoreBusy):  # asked again, it works
        store.load("domain", 0, patient=True)
    write(store)
    store.close()
    assert "was damaged" in said[0]
    assert len(list(tmp_path.glob("*.aside-*"))) >= 1


def test_a_directory_in_the_place_of_the_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"cannot be used|is not a file"):
        SqliteStore(tmp_path).load("domain", 0, patient=True)
