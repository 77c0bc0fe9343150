"""S8: what looks only looks; nothing that is not ours is written, renamed or made readable."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from .bed import LIMIT, bed, limits
from .command_line import rl
from .server import CountingServer


def make_foreign(path: Path, kind: str) -> None:
    if kind == "database":
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE clock (what TEXT)")
        connection.execute("PRAGMA user_version = 3")
        connection.commit()
        connection.close()
    elif kind == "text":
        path.write_text("My notes, and nobody else's.\n" * 100, "utf-8")
    elif kind == "short":
        path.write_bytes(b"SQLite format 3")


def state_of(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        each.name: (each.read_bytes(), each.stat().st_mode) for each in folder.iterdir() if each.is_file()
    }


@pytest.mark.parametrize("kind", ["database", "text", "short"])
def test_a_foreign_file_stays_as_it_is(server: CountingServer, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    store = folder / "notes.sqlite3"
    make_foreign(store, kind)
    before = state_of(folder)
    with bed(server, limits(store)) as process:
        assert process.calls(4 * LIMIT) == LIMIT
        assert [line for line in process.said if "nothing in it was changed" in line]
    after = state_of(folder)
    assert after.pop(f"{store.name}.lock", (b"", 0))[0] == b""
    assert after == before


@pytest.mark.parametrize("kind", ["database", "text", "short"])
@pytest.mark.parametrize("words", [("status",), ("status", "--json"), ("doctor", "--quick")])
def test_who_looks_changes_nothing(tmp_path: Path, kind: str, words: tuple[str, ...]) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    make_foreign(folder / "notes.sqlite3", kind)
    before = state_of(folder)
    own = tmp_path / "config"
    own.mkdir()
    (own / "rate_limit.yaml").write_text(f"store: {folder / 'notes.sqlite3'}\n", "utf-8")
    ran = rl(folder, *words, MASSGEN_PLUGINS_CONFIG_DIR=str(own))
    assert "Traceback" not in ran.stderr
    assert "is not a file of massgen-plugins" in " ".join((ran.stdout + ran.stderr).split())
    assert state_of(folder) == before


def test_a_store_behind_a_dangling_link_is_private(server: CountingServer, tmp_path: Path) -> None:
    link, behind = tmp_path / "quota.sqlite3", tmp_path / "behind.sqlite3"
    link.symlink_to(behind)
    before = os.umask(0)
    try:
        with bed(server, limits(link)) as process:
            assert process.calls(4 * LIMIT) == LIMIT
    finally:
        os.umask(before)
    assert link.is_symlink()
    assert not behind.exists() or behind.stat().st_mode & 0o077 == 0
