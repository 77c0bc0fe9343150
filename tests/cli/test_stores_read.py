"""Commands that look change no store; one that cannot be read is a sentence with its cure, and stays."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from tests.cli.conftest import FLASH, PRO, pool_of, spend_in


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@pytest.mark.parametrize("busy", [True, False])
def test_looking_changes_nothing_and_makes_no_file(rl, spend, store_file, busy):
    """Beside a process that has the file open, and when nobody has."""
    spend()
    store = SqliteStore(store_file)
    try:
        if busy:
            spend_in(store, PRO)
        before = contents(store_file.parent)
        assert (f"{store_file.name}-wal" in before) is busy
        for command in (("status",), ("status", "--json"), ("doctor", "--quick")):
            shown = rl(*command).out
            assert contents(store_file.parent).keys() == before.keys()
            kept = {name: data for name, data in contents(store_file.parent).items() if "-shm" not in name}
            assert kept == {name: data for name, data in before.items() if "-shm" not in name}, command
            assert (PRO.name in shown or command[0] == "doctor") is (busy or command[0] == "doctor")
    finally:
        store.close()


def test_the_store_that_the_settings_name_is_read(rl, spend, store_file, settings_file, tmp_path):
    spend()
    other = store_file.rename(tmp_path / "elsewhere.sqlite3")
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text(f"store: {other}\n")
    assert rl("status", "--json").document["store"] == str(other)
    assert pool_of(rl("status", "--json"))


FOREIGN = "is not a file of massgen-plugins; nothing in it was changed. Set another store"


def old_format(path):
    with sqlite3.connect(path) as connection:
        for table in ("clock", "secret", "scope"):
            connection.execute(f"CREATE TABLE {table} (a)")
        connection.execute("PRAGMA user_version = 4")
    connection.close()


def somebody_elses(path):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE clock (a)")
    connection.close()


def newer(path):
    with sqlite3.connect(path) as connection:
        connection.executescript("PRAGMA application_id = 0x4D47524C; PRAGMA user_version = 99;")
    connection.close()


def text(path):
    path.write_bytes(b"not a database at all, but long enough to be looked at" * 40)


def cut(path):
    path.write_bytes(path.read_bytes()[: 4096 + 100])


def directory(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (text, FOREIGN),
        (somebody_elses, FOREIGN),
        (
            old_format,
            "is of format 4, of a version of massgen-plugins before the first release; the next",
        ),
        (newer, "was written by a newer version of massgen-plugins (format 99, this one reads 7): install"),
        (cut, "is damaged"),
        (directory, "is not a file; name another store"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence_with_its_cure_and_stays(
    rl, spend, store_file, change, sentence
):
    spend()
    if change not in (cut, directory):
        store_file.unlink()
    change(store_file)
    before = contents(store_file.parent) if change is not directory else None
    for arguments in (("status",), ("status", "--json"), ("forget", "all", "--yes")):
        ran = rl(*arguments)
        assert ran.code == 1
        if "--json" in arguments:
            assert set(ran.document) == {"error", "exit_code"}
            assert f"{store_file} {sentence}" in ran.document["error"]
        else:
            assert ran.out == ""
        assert f"{store_file} {sentence}" in ran.err
        assert ran.err.count("\n") == 1
    assert before is None or contents(store_file.parent) == before


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc")
def test_a_file_of_proc_is_not_taken_for_an_empty_store(rl, settings_file):
    assert rl("status", "--store", "/proc/self/status").code == 2
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text("store: /proc/self/status\n")
    ran = rl("status")
    assert ran.code == 1
    assert f"/proc/self/status {FOREIGN}" in ran.err


@pytest.mark.parametrize(
    "change",
    ["DROP TABLE part", "DROP TABLE clock", "UPDATE clock SET offset = 'x'", "UPDATE part SET tick = 'x'"],
)
def test_a_store_with_wrong_content_is_a_sentence(rl, spend, store_file, change):
    spend()
    alter(store_file, change)
    ran = rl("status")
    assert ran.code == 1
    assert f"{store_file} is damaged" in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("value", ["x'00'", "'text'", "7", "x'5b'"])
@pytest.mark.parametrize("part", ["facts", "queue/process", f"book/{FLASH.name}", "no-such-part"])
def test_a_damaged_part_is_named_and_the_rest_is_shown(rl, spend, store_file, part, value):
    spend(calls=3)
    spend(PRO)
    alter(store_file, f"UPDATE part SET data = {value} WHERE name = '{part}'")
    row = f"SELECT domain, '{part}', version, tick, {value} FROM part WHERE name = ''"
    alter(store_file, f"INSERT OR IGNORE INTO part {row}")
    ran = rl("status", "--json")
    assert ran.code == 0
    assert f"'{part}' is damaged" in ran.err
    assert [row["used"] for row in pool_of(ran, str(PRO))["limits"]] == [
        1,
        1,
        1000,
    ]  # limits: by the settings


def alter(path, change):
    with sqlite3.connect(path) as connection:
        connection.execute(change)
    connection.close()


def test_an_empty_file_is_a_store_without_calls(rl, store_file):
    store_file.parent.mkdir(parents=True)
    store_file.touch()
    assert "No call has been limited yet" in rl("status").err
    assert store_file.read_bytes() == b""
