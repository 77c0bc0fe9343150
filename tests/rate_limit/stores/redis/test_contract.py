"""The contract of stores, kept by a real server on a clock of the test."""

from __future__ import annotations

import asyncio

import pytest

from massgen_plugins.rate_limit.stores.redis.address import Address
from massgen_plugins.rate_limit.stores.redis.store import RedisStore
from massgen_plugins.testing.contract import CHECKS, Stand
from tests.rate_limit.stores.redis.conftest import TestClock
from tests.rate_limit.stores.redis.server import RedisServer


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_redis_keeps_the_contract(server: RedisServer, check) -> None:
    clock = TestClock()
    store = RedisStore(Address.parse(server.url, {}), moment=lambda: clock.server)
    store._clock.local = lambda: clock.local * 1000
    store._clock.learn(clock.server, clock.local * 1000, clock.local * 1000)
    asyncio.run(check(Stand(store, lambda seconds: clock.pass_time(int(seconds * 1e6)))))
