"""A machine for the tests of the SQLite store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from massgen_plugins.rate_limit import replica as replica_module
from massgen_plugins.rate_limit.stores import sqlite_file
from tests.rate_limit.stores.machine import Machine


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """Its processes look at every use whether the file still stands there."""
    monkeypatch.setattr(sqlite_file, "_RECHECK", 0)
    machine = Machine(tmp_path / "state" / "quota.sqlite3")
    yield machine
    for process in machine.processes:
        process.store.close()


@pytest.fixture
def retry_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A store that has failed is tried again from now on."""
    return lambda: monkeypatch.setattr(replica_module.time, "monotonic", lambda: 10**9)
