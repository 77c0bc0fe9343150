"""A recorder, its file, and what it says."""

from __future__ import annotations

import pytest

from massgen_plugins.budget.prices import Prices
from massgen_plugins.calls.query import Record
from massgen_plugins.calls.record import Recorder
from tests.calls.settled import BLOCK


@pytest.fixture
def path(tmp_path):
    return tmp_path / "calls.sqlite3"


@pytest.fixture
def told():
    """What the user was told."""
    return []


@pytest.fixture
def recorder(path, told):
    made = Recorder(path, 30, 256, Prices(lambda _: BLOCK), told.append)
    yield made
    made.close()


@pytest.fixture
def record(path):
    return Record(path)
