"""One limiter for each store, what becomes of it at the end, and a Redis server that comes and goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from massgen_plugins.events import CallWaits, Event, StoreChanged, Trouble
from massgen_plugins.hookspecs import MiddlewareContext
from massgen_plugins.middleware import ModelCall
from massgen_plugins.quota import MINUTE, Charge, Domain, Kind, Limit, Pool, PoolRules
from massgen_plugins.rate_limit.limiters import Limiters, open_store
from massgen_plugins.rate_limit.reservation import NORMAL, Ask, Reservation
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.viewing import view_file
from tests.rate_limit.stores.redis.server import RedisServer

DOMAIN = Domain("gemini", "project")
OTHER = Domain("openai", "project")
RULES = PoolRules(limits=(Limit(Kind.REQUESTS, 3, MINUTE),))
CALL = ModelCall(DOMAIN, ("model",), "model", "model", {Kind.REQUESTS: Charge(1)}, agent_id="a0")

Make = Callable[..., Limiters]


@pytest.fixture
def heard() -> list[Event]:
    """What the middleware's context was told."""
    return []


@pytest.fixture
def make(heard: list[Event]) -> Iterator[Make]:
    """Makes the limiters of a process whose settings name a store for each domain."""
    made: list[Limiters] = []

    def limiters(store: object, rules: PoolRules | None = RULES) -> Limiters:
        places = store if isinstance(store, dict) else {DOMAIN: store, OTHER: store}

        def settings(domain: Domain) -> dict[str, object]:
            return {"store": str(places[domain])}

        made.append(Limiters(MiddlewareContext(heard.append, lambda _: rules, settings)))
        return made[-1]

    yield limiters
    for each in made:
        each.close()


async def acquire(limiters: Limiters, domain: Domain = DOMAIN, call: object = CALL) -> Reservation:
    limiter = limiters.of(domain)
    ask = Ask(("model",), {Kind.REQUESTS: 1}, await limiter.tick(), NORMAL, call=call)
    return await limiter.acquire(ask)


def used(path: Path) -> list[int]:
    return [
        row.used for view in view_file(path).pools for row in view.limits if row.limit.kind == Kind.REQUESTS
    ]


def troubles(heard: list[Event]) -> list[str]:
    return [event.message for event in heard if isinstance(event, StoreChanged | Trouble)]


def test_a_domain_has_one_limiter_and_nothing_is_opened_before_it_is_needed(
    make: Make, tmp_path: Path
) -> None:
    ours = make(tmp_path / "quota.sqlite3")
    assert ours.of(DOMAIN) is ours.of(DOMAIN)
    assert ours.of(DOMAIN) is not ours.of(OTHER)
    assert list(tmp_path.iterdir()) == []


def test_each_domain_goes_to_the_store_that_its_settings_name(make: Make, tmp_path: Path) -> None:
    ours = make({DOMAIN: tmp_path / "one.sqlite3", OTHER: tmp_path / "two.sqlite3"})
    asyncio.run(acquire(ours))
    ours.close()
    assert [path.name for path in tmp_path.glob("*.sqlite3")] == ["one.sqlite3"]


def test_a_spare_limiter_is_in_memory_and_apart(make: Make, tmp_path: Path) -> None:
    ours = make("memory")
    assert ours.fallback(DOMAIN) is ours.fallback(DOMAIN)
    assert ours.fallback(DOMAIN) is not ours.of(DOMAIN)


def test_at_the_end_the_store_learns_what_could_wait(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "quota.sqlite3"
    ours = make(path)

    async def main() -> None:
        reservation = await acquire(ours)
        reservation.written()
        reservation.answered()
        reservation.settle({Kind.REQUESTS: 2})

    asyncio.run(main())
    ours.close()
    assert not path.with_name(path.name + "-wal").exists()
    assert used(path) == [2]


def test_a_wait_is_told_with_the_agent_that_waits(make: Make, heard: list[Event]) -> None:
    ours = make("memory")

    async def main() -> None:
        for _ in range(3):
            await acquire(ours)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(acquire(ours), 0.05)

    asyncio.run(main())
    (wait,) = (event for event in heard if isinstance(event, CallWaits))
    assert (wait.pool, wait.agent_id) == (Pool(DOMAIN, "model"), "a0")
    assert wait.seconds > 50


def test_without_any_limit_the_first_call_of_a_run_leaves_alone(make: Make, heard: list[Event]) -> None:
    """A provider without a profile runs; its answers may tell what holds."""
    ours = make("memory", None)

    async def main() -> None:
        async def call_and_answer(number: int) -> None:
            call = await acquire(ours, call=number)
            call.answered()
            ours.of(DOMAIN).ended(call.ask, answered=True)

        first = await acquire(ours, call="first")
        rest = [asyncio.create_task(call_and_answer(number)) for number in range(5)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in rest)
        first.answered()
        ours.of(DOMAIN).ended(first.ask, answered=True)
        await asyncio.wait_for(asyncio.gather(*rest), 5)

    asyncio.run(main())
    assert troubles(heard) == []


@pytest.mark.parametrize("place", ["memory", "file", "redis://127.0.0.1:1/0"])
def test_what_a_setting_names_is_the_store(place: str, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "q.sqlite3") if place == "file" else place, print)
    expected = {"memory": MemoryStore().description, "file": "q.sqlite3"}.get(place, "127.0.0.1")
    assert expected in store.description


class TestRedis:
    @pytest.fixture(autouse=True)
    def state(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def test_while_the_server_is_away_limits_hold(
        self, make: Make, heard: list[Event], tmp_path: Path
    ) -> None:
        server = RedisServer(tmp_path).start()
        ours = make(server.url)

        async def main() -> None:
            await acquire(ours)
            server.stop()
            for _ in range(2):
                await asyncio.wait_for(acquire(ours), 30)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(acquire(ours), 0.3)

        try:
            asyncio.run(main())
        finally:
            server.stop()
        assert len(troubles(heard)) == 1

    def test_a_server_that_was_never_there_leaves_each_process_to_itself(
        self, make: Make, heard: list[Event], tmp_path: Path
    ) -> None:
        ours = make(RedisServer(tmp_path).url)

        async def main() -> None:
            for _ in range(3):
                await acquire(ours)

        asyncio.run(main())
        assert len(troubles(heard)) == 1

    def test_a_server_that_appears_later_does_not_make_anybodys_wait_absurd(
        self, make: Make, tmp_path: Path
    ) -> None:
        server = RedisServer(tmp_path)
        url = server.start().url
        server.stop()
        ours = make(url)

        async def main() -> float:
            limiter = ours.of(DOMAIN)
            before = await limiter.tick()
            await acquire(ours)
            server.start()
            try:
                await acquire(ours)
                return (await limiter.tick() - before) / 1e9
            finally:
                server.stop()

        assert abs(asyncio.run(main())) < 120


def test_who_waits_behind_a_call_that_is_given_up_is_told_a_shorter_time(
    make: Make, heard: list[Event]
) -> None:
    ours = make("memory")

    async def main() -> None:
        for _ in range(3):
            await acquire(ours)
        tasks = [asyncio.create_task(acquire(ours)) for _ in range(4)]
        await asyncio.sleep(0.05)
        tasks[0].cancel()
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())
    told = [(round(event.seconds, -1), event.again) for event in heard if isinstance(event, CallWaits)]
    assert told[:5] == [(60, False), (60, False), (60, False), (120, False), (60, True)]
