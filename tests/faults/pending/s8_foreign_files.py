"""S8: what looks only looks. On the old core a dangling link yields a store that others may read."""

from __future__ import annotations

from pathlib import Path

from tests.faults.bed import bed, limits
from tests.faults.server import CountingServer


def test_a_store_behind_a_dangling_link_is_private(tmp_path: Path) -> None:
    link, behind = tmp_path / "quota.sqlite3", tmp_path / "behind.sqlite3"
    link.symlink_to(behind)
    with CountingServer() as server, bed(server, limits(link)) as process:
        process.calls(1)
    assert not behind.exists() or behind.stat().st_mode & 0o077 == 0
