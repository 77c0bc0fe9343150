"""What the experiments share: a server that counts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .server import CountingServer


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with CountingServer() as server:
        yield server
