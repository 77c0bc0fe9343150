"""The contract of stores: kept by ours, and noticed when a store lies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from massgen_plugins.rate_limit.stores.base import Snapshot
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.redis_server import RedisServer
from massgen_plugins.rate_limit.stores.redis_store import RedisStore
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore
from massgen_plugins.testing.contract import CHECKS, Stand
from tests.rate_limit.stores.redis.server import RedisServer as RedisProcess

NOON = 1_790_000_000 * 10**9


class Clock:
    """Time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 10**15

    def tick(self) -> int:
        return self.now

    def wall(self) -> int:
        return NOON + self.now - 10**15

    def advance(self, seconds: float) -> None:
        self.now += int(seconds * 1e9)


@pytest.fixture(scope="module")
def redis_process(tmp_path_factory):
    process = RedisProcess(tmp_path_factory.mktemp("redis")).start()
    yield process
    process.stop()


class ShiftedRedis(RedisStore):
    """Its clock can be put forward: a server's cannot."""

    def __init__(self, server: RedisServer) -> None:
        super().__init__(server)
        self.ahead = 0

    def tick(self) -> int:
        return super().tick() + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += int(seconds * 1e9)


@pytest.fixture(params=["memory", "sqlite", "redis"])
def stand(request, tmp_path: Path):
    clock = Clock()
    if request.param == "redis":
        process = request.getfixturevalue("redis_process")
        store = ShiftedRedis(RedisServer.parse(process.url))
        with store._connection() as client:
            client.flushdb()
        yield Stand(store, store.advance)
    elif request.param == "sqlite":
        path = tmp_path / "q.sqlite3"
        store = SqliteStore(path, since_boot=clock.tick, boot=lambda: "b", wall=clock.wall)
        yield Stand(store, clock.advance)
    else:
        store = MemoryStore(clock.tick, clock.wall, shared=True)
        yield Stand(store, clock.advance)
    store.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_our_stores_keep_the_contract(stand: Stand, check) -> None:
    check(stand)


class Shared(MemoryStore):
    def __init__(self, clock: Clock) -> None:
        super().__init__(clock.tick, clock.wall, shared=True)


class AlwaysWrites(Shared):
    """Whoever writes last wins."""

    def swap(self, domain, version, new, parts, *, patient=False):
        now = self.load(domain, 0).version
        return super().swap(domain, now, max(new, now + 1), parts, patient=patient)


class NeverWrites(Shared):
    """It says that it did."""

    def swap(self, domain, version, new, parts, *, patient=False):
        return None


class WritesOnePart(Shared):
    """Of several parts only the first is kept."""

    def swap(self, domain, version, new, parts: Mapping[str, bytes | None], *, patient=False):
        first = dict(list(parts.items())[:1])
        return super().swap(domain, version, new, first, patient=patient)


class ForgetsTheRest(Shared):
    """What is not written again is gone."""

    def swap(self, domain, version, new, parts, *, patient=False):
        if self.load(domain, 0).version == version:
            self._parts.pop(domain, None)
        return super().swap(domain, version, new, parts, patient=patient)


class TellsOldNews(Shared):
    """It reads as of the first version."""

    def load(self, domain, since, *, patient=False):
        found = super().load(domain, since, patient=patient)
        return Snapshot(min(found.version, 1), found.parts)


class CutsBytes(Shared):
    """The last byte of a part is lost."""

    def load(self, domain, since, *, patient=False):
        found = super().load(domain, since, patient=patient)
        return Snapshot(found.version, {name: data[:-1] for name, data in found.parts.items()})


class MixesDomains(Shared):
    """All domains are one."""

    def load(self, domain, since, *, patient=False):
        return super().load("one", since, patient=patient)

    def swap(self, domain, version, new, parts, *, patient=False):
        return super().swap("one", version, new, parts, patient=patient)


class ClockRunsFast(Shared):
    """A minute is over after 55 seconds."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.tick = lambda: clock.tick() * 60 // 55


LIARS = (
    AlwaysWrites,
    NeverWrites,
    WritesOnePart,
    ForgetsTheRest,
    TellsOldNews,
    CutsBytes,
    MixesDomains,
    ClockRunsFast,
)


@pytest.mark.parametrize("liar", LIARS, ids=lambda liar: liar.__name__)
def test_a_store_that_lies_is_caught(liar) -> None:
    def fails(check) -> bool:
        clock = Clock()
        try:
            check(Stand(liar(clock), clock.advance))
        except (AssertionError, LookupError, ValueError):
            return True
        return False

    assert any(fails(check) for check in CHECKS)
