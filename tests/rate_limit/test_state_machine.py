"""The limiter against a brute-force reference, in histories that hypothesis makes up; time jumps.

They are the same in every run; ``HYPOTHESIS_PROFILE=thorough`` plays others each time, more and longer ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings

from massgen_plugins.quota import HELD, MINUTE, NANOSECONDS, Bucket, CalendarDay, Kind, Limit
from massgen_plugins.rate_limit.stores.redis_server import RedisServer as Address
from tests.rate_limit.limiter_machine import ZONE, LimiterMachine, SharedMachine
from tests.rate_limit.processes import MortalRedisStore, MortalSqliteStore, open_store
from tests.rate_limit.stores.redis.server import RedisServer

SEVERAL_POOLS = {
    "fast": (Limit(Kind.REQUESTS, 5, MINUTE), Limit(Kind.REQUESTS, 25, CalendarDay(ZONE))),
    "slow": (Limit(Kind.REQUESTS, 3, Bucket(MINUTE.length)), Limit(Kind.INPUT_TOKENS, 100, MINUTE)),
    "account": (Limit(Kind.INPUT_TOKENS, 150, Bucket(MINUTE.length)), Limit(Kind.CONCURRENT, 3, HELD)),
}
COMBINATIONS = (("fast", "account"), ("slow", "account"), ("fast", "slow", "account"), ("slow",))


class SeveralPools:
    """Calls book in up to three pools: sliding windows, buckets, days and places."""

    limits = SEVERAL_POOLS
    combinations = COMBINATIONS
    longest_suspend = 40.0  # a lease of a minute surely survives it


class SqliteMachine(SharedMachine):
    """A file."""

    def open(self) -> MortalSqliteStore:
        return open_store(self.folder / "quota.sqlite3", self.clock.tick, self.wall)


class RedisMachine(SharedMachine):
    """A server."""

    server: ClassVar[RedisServer]

    def __init__(self) -> None:
        with self.server.client() as client:
            client.flushall()
        self.address = Address("127.0.0.1", self.server.port)
        super().__init__()

    def open(self) -> MortalRedisStore:
        return MortalRedisStore(self.address, self.clock.tick, self.wall)


class MemoryPoolsMachine(SeveralPools, LimiterMachine):
    """In memory."""


class SqlitePoolsMachine(SeveralPools, SqliteMachine):
    """In a file."""

    prompt = NANOSECONDS // 50
    one_order = False


class RedisPoolsMachine(SeveralPools, RedisMachine):
    """In a server."""

    prompt = NANOSECONDS // 10
    one_order = False


@pytest.fixture(scope="module", autouse=True)
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()
    RedisMachine.server = server
    yield
    server.stop()


_PLAYED = settings(
    derandomize=settings.get_current_profile_name() != "thorough",
    max_examples=settings.default.max_examples,
    stateful_step_count=settings.default.stateful_step_count,
    suppress_health_check=list(HealthCheck),
)

_FEWER = settings(_PLAYED, max_examples=_PLAYED.max_examples // 3)
"""Where each step costs most."""

TestMemory = LimiterMachine.TestCase
TestSqlite = SqliteMachine.TestCase
TestRedis = RedisMachine.TestCase
TestMemoryPools = MemoryPoolsMachine.TestCase
TestSqlitePools = SqlitePoolsMachine.TestCase
TestRedisPools = RedisPoolsMachine.TestCase
TestMemory.settings = TestSqlite.settings = TestMemoryPools.settings = _PLAYED
TestSqlitePools.settings = TestRedis.settings = TestRedisPools.settings = _FEWER


def test_news_that_travels_with_a_question_wakes_whoever_is_first() -> None:
    """It is another process that can leave now; the one that asked cannot."""
    machine = SqliteMachine()
    try:
        machine.acquire(which=0, tokens=60, prompt=False)
        machine.acquire(which=1, tokens=41, prompt=False)
        machine.acquire(which=0, tokens=1, prompt=False)
        machine.release(which=0)
        assert not machine.waiting
    finally:
        machine.teardown()


def test_when_the_first_one_gives_up_the_first_of_another_process_is_woken() -> None:
    """The process of the one that gave up has others who wait, but came later."""
    machine = SqliteMachine()
    try:
        machine.acquire(which=0, tokens=50, prompt=False)
        machine.acquire(which=0, tokens=60, prompt=False)
        machine.acquire(which=1, tokens=50, prompt=False)
        machine.acquire(which=0, tokens=1, prompt=False)
        machine.cancel(which=0)
        assert [wish.amounts[Kind.INPUT_TOKENS] for wish in machine.waiting] == [1]
    finally:
        machine.teardown()


def test_who_gives_up_leaves_the_queue_though_another_process_wrote_meanwhile() -> None:
    """It decides a second time, and had thought that it was out after the first."""
    machine = RedisMachine()
    try:
        machine.acquire_many(count=5, tokens=1, which=0)
        machine.suspend(40.0)
        machine.acquire(which=0, tokens=1, prompt=False)
        machine.acquire(which=1, tokens=1, prompt=False)
        machine.cancel(which=0)
        queue = machine.processes[1].domain.queue
        waiting = queue.read(lambda state, _: [ticket.owner for ticket in state.tickets])
        assert waiting == [queue.replica.state.process]
    finally:
        machine.teardown()


def test_a_call_that_is_written_late_is_told_at_once_though_others_wait() -> None:
    """Its process may be killed before its waiters have reason to decide again."""
    machine = SqliteMachine()
    try:
        machine.acquire_many(which=0, count=4, tokens=1)
        machine.acquire(which=0, tokens=1, prompt=False)
        machine.acquire_many(which=0, count=2, tokens=1)
        machine.suspend(3.0)
        machine.write(which=4)
        machine.kill(which=0)
        machine.acquire_many(which=1, count=6, tokens=1)
        machine.pass_time(milliseconds=62_000)
        machine.no_window_at_the_server_is_over()
    finally:
        machine.teardown()


def test_who_waits_behind_a_first_one_of_the_same_process_does_not_overtake_one_between_them() -> None:
    """That one has room, but waits for the first one: it is not late."""
    machine = RedisMachine()
    try:
        machine.acquire(which=1, tokens=48, prompt=False)
        machine.acquire(which=0, tokens=53, prompt=False)
        machine.acquire(which=1, tokens=1, prompt=False)
        machine.acquire(which=0, tokens=1, prompt=False)
        machine.pass_time(milliseconds=62_050)
        machine.nobody_has_anything_to_complain_of()
        assert not machine.waiting
    finally:
        machine.teardown()


def test_a_place_behind_another_process_that_waits_is_kept() -> None:
    """It does not fit until the one before it has left, however small it is."""
    machine = SqliteMachine()
    try:
        machine.acquire(which=0, tokens=59)
        machine.acquire(which=0, tokens=22, prompt=False)
        machine.acquire_many(which=0, count=2, tokens=12)
        machine.suspend(0.0)
        machine.acquire_many(which=2, count=2, tokens=1)
        machine.acquire(which=0, tokens=1, prompt=False)
        machine.suspend(9.0)
        machine.suspend(9.0)
        machine.acquire_many(which=1, count=2, tokens=1)
        for _ in range(6):
            machine.suspend(9.0)
        machine.nobody_has_anything_to_complain_of()
    finally:
        machine.teardown()


def test_a_dead_process_does_not_keep_those_behind_it_from_being_woken() -> None:
    machine = SqliteMachine()
    try:
        machine.acquire_many(which=0, count=2, tokens=17)
        for tokens in (37, 55, 1, 1):
            machine.acquire(which=0, tokens=tokens, prompt=False)
        machine.acquire(which=1, tokens=1, prompt=False)
        machine.kill(1)
        machine.release(0)
        machine.acquire_many(which=1, count=2, tokens=1)
        machine.suspend(9.0)
        machine.suspend(9.0)
        machine.kill(0)
        machine.acquire_many(which=0, count=2, tokens=1)
        machine.suspend(1.0)
        machine.nobody_has_anything_to_complain_of()
    finally:
        machine.teardown()
