"""Servers, and stores on them, in real time and on a clock of the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from massgen_plugins.quota import Amounts, Scope
from massgen_plugins.rate_limit.decision import Decision
from massgen_plugins.rate_limit.hold import Hold
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.stores.redis.address import Address
from massgen_plugins.rate_limit.stores.redis.store import RedisStore
from tests.rate_limit.stores.redis.server import RedisServer


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.stop()


@pytest.fixture
def server(shared_server: RedisServer) -> RedisServer:
    """A server that holds nothing yet."""
    with shared_server.client() as client:
        client.flushall()
    return shared_server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Callable[..., RedisServer]]:
    """Makes servers that a test may stop, or start with options of its own."""
    made: list[RedisServer] = []

    def make(*options: str) -> RedisServer:
        made.append(RedisServer(tmp_path, *options).start())
        return made[-1]

    yield make
    for each in made:
        each.stop()


class TestClock:
    """The server's clock and this machine's, which only a test moves; microseconds."""

    __test__ = False

    def __init__(self) -> None:
        self.local = 1_000_000
        self.server = 1_790_000_000_000_000

    def pass_time(self, micros: int) -> None:
        self.local += micros
        self.server += micros


class Bench:
    """A store on a clock of the test, used without an event loop."""

    def __init__(self, server: RedisServer, clock: TestClock) -> None:
        self.clock = clock
        self.reports: list[str] = []
        address = Address.parse(server.url, {})
        self.store = RedisStore(address, self.reports.append, moment=lambda: clock.server)
        self.store._clock.local = lambda: clock.local * 1000
        self.store._clock.learn(clock.server, clock.local * 1000, clock.local * 1000)
        self.client = self.store._driver.plain_client()
        self.operations, self.upkeep = self.store._operations, self.store._upkeep

    def drive(self, steps: Any) -> Any:
        return self.store._driver.drive_with(self.client, steps)

    def admit(self, scope: Scope, bids: list[Bid], lane: str = "lane") -> Decision:
        return self.drive(self.operations.admit(scope, lane, bids))

    def ask(self, scope: Scope, *amounts: Amounts, lane: str = "lane") -> Decision:
        now = self.store.tick()
        return self.admit(scope, [Bid(1, now + 1000 * n, each) for n, each in enumerate(amounts)], lane)

    def close(self) -> None:
        self.client.close()

    def note(self, scope: Scope, *holds: Hold) -> None:
        self.store._outbox.keep(scope, holds)
        self.drive(self.operations.note(scope))

    def used(self, scope: Scope) -> list[int]:
        [view] = [view for view in self.drive(self.upkeep.view()) if view.scope == scope]
        return [usage.used for usage in view.usage]


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def open_bench(server: RedisServer, clock: TestClock) -> Iterator[Callable[[], Bench]]:
    """Opens the same server, as another process would."""

    made: list[Bench] = []

    def make() -> Bench:
        made.append(Bench(server, clock))
        return made[-1]

    yield make
    for each in made:
        each.close()
