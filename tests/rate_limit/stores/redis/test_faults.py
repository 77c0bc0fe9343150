"""What can go wrong with a server, and with what stands in it."""

from __future__ import annotations

import asyncio
import signal
import struct
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from massgen_plugins.rate_limit.hold import Hold, News
from massgen_plugins.rate_limit.line import Bid
from massgen_plugins.rate_limit.stores.awaited import awaited
from massgen_plugins.rate_limit.stores.fallback import FallbackStore
from massgen_plugins.rate_limit.stores.redis.address import PASSWORD_VARIABLE, USERNAME_VARIABLE, Address
from massgen_plugins.rate_limit.stores.redis.layout import SCHEMA
from massgen_plugins.rate_limit.stores.redis.store import RedisStore

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.quota import MINUTE, CalendarDay, Kind, Limit, Scope, ScopeRules
from massgen_plugins.rate_limit.stores.base import ScopeUnknown
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from tests.rate_limit.stores.redis.conftest import Bench
from tests.rate_limit.stores.redis.server import RedisServer

SCOPE = Scope("gemini", "project", "gemini-2.5-flash")
RULES = ScopeRules(limits=(Limit(Kind.REQUESTS, 5, MINUTE), Limit(Kind.REQUESTS, 9, CalendarDay("UTC"))))
ONE = {Kind.REQUESTS: 1}

Open = Callable[[], Bench]
Start = Callable[..., RedisServer]


def run(main: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(main, 60))


def connect(server: RedisServer, **environment: str) -> RedisStore:
    return RedisStore(Address.parse(server.url, environment))


async def grants(store: Any, count: int) -> int:
    now = store.tick()
    return len((await store.admit(SCOPE, "lane", [Bid(1, now + n, ONE) for n in range(count)], [])).holds)


def test_scripts_that_a_server_has_forgotten_are_told_again(server: RedisServer) -> None:
    async def main() -> None:
        store = connect(server)
        await store.configure(SCOPE, RULES)
        for _ in range(3):
            with server.client() as client:
                client.script_flush()
            assert await grants(store, 1) == 1
        with server.client() as client:
            client.script_flush()
        assert [usage.used for usage in store.view()[0].usage] == [3, 3]

    run(main())


def test_a_broken_connection_is_made_anew(server: RedisServer) -> None:
    async def main() -> None:
        store = connect(server)
        await store.configure(SCOPE, RULES)
        assert await grants(store, 1) == 1
        for _ in range(3):
            with server.client() as client:
                client.client_kill_filter(_type="normal", skipme=True)
            assert await grants(store, 1) == 1

    run(main())


def test_a_server_that_is_gone_is_one_sentence_at_once(own_server: Start) -> None:
    async def main() -> None:
        server = own_server()
        store = connect(server)
        await store.configure(SCOPE, RULES)
        server.stop()
        start = time.monotonic()
        with pytest.raises(StoreUnavailable, match=f"redis://127.0.0.1:{server.port}/0 cannot be used: "):
            await grants(store, 1)
        assert time.monotonic() - start < 2

    run(main())


def test_a_server_that_was_never_there_is_one_sentence(own_server: Start) -> None:
    server = own_server()
    server.stop()
    store = connect(server)
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        store.tick()
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        store.view()


def test_a_server_that_hangs_is_given_up_within_seconds(own_server: Start) -> None:
    async def main() -> None:
        server = own_server()
        store = connect(server)
        await store.configure(SCOPE, RULES)
        server.send(signal.SIGSTOP)
        start = time.monotonic()
        try:
            with pytest.raises(StoreUnavailable):
                await grants(store, 1)
            assert time.monotonic() - start < 6
        finally:
            server.send(signal.SIGCONT)
        assert await grants(store, 1) >= 1

    run(main())


def test_when_the_server_comes_back_the_quota_is_shared_again(own_server: Start) -> None:
    async def main() -> None:
        reports: list[str] = []
        server = own_server()
        store = FallbackStore(connect(server), lambda tick: awaited(MemoryStore(tick)), reports.append)
        await store.configure(SCOPE, RULES)
        assert await grants(store, 2) == 2
        before = store.tick()
        server.stop()
        assert await grants(store, 7) == 5
        await grants(store, 1)
        assert len(reports) == 1
        assert "cannot be used" in reports[0]
        server.start()
        store._retry_at = 0.0
        assert await grants(store, 7) == 5  # what the server held is lost with it
        assert "works again" in reports[1]
        assert store.tick() > before

    run(main())


def test_news_that_could_not_be_told_is_told_later(own_server: Start) -> None:
    async def main() -> None:
        server = own_server()
        store = connect(server)
        await store.configure(SCOPE, RULES)
        now = store.tick()
        holds = (await store.admit(SCOPE, "lane", [Bid(1, now + n, ONE) for n in range(3)], [])).holds
        server.send(signal.SIGSTOP)
        try:
            holds[0].release()
            store.post(SCOPE, News({holds[0]: None}))
            await asyncio.sleep(2.5)
        finally:
            server.send(signal.SIGCONT)
        await asyncio.sleep(0.2)
        holds[1].release()
        store.post(SCOPE, News({holds[1]: None}))
        await asyncio.sleep(0.3)
        # The first answer was lost, so nobody knows whether it was heard: it is not given back twice.
        assert 1 <= store.view()[0].usage[0].used <= 2

    run(main())


def test_at_the_end_of_a_process_everything_is_told(server: RedisServer) -> None:
    store = connect(server)

    async def main() -> Hold:
        await store.configure(SCOPE, RULES)
        [hold] = (await store.admit(SCOPE, "lane", [Bid(1, store.tick(), ONE)], [])).holds
        return hold

    hold = run(main())
    hold.release()
    store.post(SCOPE, News({hold: None}))  # and there is no loop any more that could carry it
    store.flush()
    store.close()
    assert [usage.used for usage in store.view()[0].usage] == [0, 0]


def test_loops_come_and_go_and_threads_need_none(server: RedisServer) -> None:
    store = connect(server)
    run(store.configure(SCOPE, RULES))
    assert [run(grants(store, 1)) for _ in range(3)] == [1, 1, 1]
    assert len(store._stations._known) == 1


def test_a_password_comes_from_the_environment_and_is_never_shown(own_server: Start) -> None:
    async def main() -> None:
        server = own_server("--requirepass", "open-sesame")
        with pytest.raises(StoreUnavailable, match=PASSWORD_VARIABLE):
            connect(server).fingerprint_key()
        with pytest.raises(StoreUnavailable) as error:
            await connect(server, **{PASSWORD_VARIABLE: "wrong-sesame"}).configure(SCOPE, RULES)
        assert "sesame" not in str(error.value)
        store = connect(server, **{PASSWORD_VARIABLE: "open-sesame"})
        await store.configure(SCOPE, RULES)
        assert await grants(store, 1) == 1
        assert "sesame" not in f"{store.description}{store._address!r}"

    run(main())


def test_a_user_who_may_use_our_keys_alone_is_enough(own_server: Start) -> None:
    async def main() -> None:
        server = own_server()
        with server.client() as client:
            client.execute_command(
                "ACL SETUSER limiter on >secret ~massgen-rl:* resetchannels &massgen-rl:* +@all -@dangerous"
            )
            client.execute_command("ACL SETUSER default off")
        store = connect(server, **{USERNAME_VARIABLE: "limiter", PASSWORD_VARIABLE: "secret"})
        await store.configure(SCOPE, RULES)
        assert await grants(store, 7) == 5

    run(main())


def test_the_fingerprint_key_is_shared_and_kept(server: RedisServer) -> None:
    one, other = connect(server), connect(server)
    assert one.fingerprint_key() == other.fingerprint_key()
    assert len(one.fingerprint_key()) == 32
    with server.client() as client:
        client.set("massgen-rl:fingerprint-key", "short")
    with pytest.raises(StoreUnavailable, match="was overwritten; delete that key"):
        connect(server).fingerprint_key()


def book(bench: Bench) -> bytes:
    [name] = bench.client.keys("*:book")
    return name


def scribble(at: int, what: bytes) -> Callable[[Bench], None]:
    return lambda bench: bench.client.setrange(book(bench), at, what)


def cut(bench: Bench) -> None:
    bench.client.set(book(bench), bench.client.get(book(bench))[:300])


def retype(bench: Bench) -> None:
    name = book(bench)
    bench.client.delete(name)
    bench.client.lpush(name, "what", "is", "this")


def rules(value: str) -> Callable[[Bench], None]:
    return lambda bench: bench.client.hset(book(bench).replace(b":book", b":desk"), "rules", value)


def desk(bench: Bench) -> None:
    name = book(bench).replace(b":book", b":desk")
    bench.client.delete(name)
    bench.client.set(name, "?")


def number(field: int, value: float) -> Callable[[Bench], None]:
    def change(bench: Bench) -> None:
        layout = bench.store._operations._library.known(SCOPE).layout
        bench.client.setrange(book(bench), layout.latest_at + 8 * field, struct.pack("<d", value))

    return change


DAMAGES = {
    "other content": scribble(0, b"what is this"),
    "shorter": cut,
    "another type": retype,
    "no header": lambda bench: bench.client.set(book(bench), b"MGR" + SCHEMA),
    "time is far away": number(0, 1e300),
    "use below zero": number(7, -5.0),
    "use is no number": number(7, float("nan")),
    "a ring of no time": number(5, 1e17),
}
UNREADABLE = {
    "no JSON": rules("{"),
    "other JSON": rules('{"limits": 3}'),
    "other limits": rules('{"limits": [["requests", 7, 1000]]}'),
    "desk of another type": desk,
}


def ask_twice(bench: Bench) -> None:
    """What is damaged is noticed at the latest when something is due to age out."""
    bench.ask(SCOPE, ONE)
    bench.clock.pass_time(63_000_000)
    bench.ask(SCOPE, ONE)


@pytest.mark.parametrize("damage", DAMAGES | UNREADABLE)
def test_what_is_damaged_is_set_aside_and_kept(open_bench: Open, damage: str) -> None:
    old, new = open_bench(), open_bench()
    for bench in (old, new):
        bench.drive(bench.upkeep.configure(SCOPE, RULES))
    assert len(old.ask(SCOPE, ONE, ONE).holds) == 2
    (DAMAGES | UNREADABLE)[damage](old)
    user = old if damage in DAMAGES else open_bench()
    with pytest.raises(ScopeUnknown):
        ask_twice(user)
    user.drive(user.upkeep.configure(SCOPE, RULES))
    assert len(user.ask(SCOPE, *[ONE] * 6).holds) == 5
    [report] = user.reports
    assert "was damaged; it stays as massgen-rl:{" in report
    kept = user.client.keys("*:broken:*")
    assert any(name.decode() in report for name in kept)
    assert all(user.client.pttl(name) > 0 for name in kept)


def test_a_time_zone_that_is_not_known_here_is_one_sentence(open_bench: Open) -> None:
    bench = open_bench()
    bench.drive(bench.upkeep.configure(SCOPE, RULES))
    rules('{"limits": [["requests", 5, 60000000000], ["requests", 9, "Nowhere/Land"]]}')(bench)
    with pytest.raises(StoreUnavailable, match="Nowhere/Land"):
        open_bench().ask(SCOPE, ONE)


@pytest.mark.parametrize("key", [b":line", b":desk"])
def test_a_queue_that_another_program_has_written_stops_nobody(open_bench: Open, key: bytes) -> None:
    bench = open_bench()
    bench.drive(bench.upkeep.configure(SCOPE, RULES))
    bench.ask(SCOPE, *[ONE] * 6)
    name = book(bench).replace(b":book", key)
    bench.client.delete(name)
    bench.client.set(name, "?")
    assert not bench.ask(SCOPE, ONE).holds
    bench.clock.pass_time(63_000_000)
    assert len(bench.ask(SCOPE, ONE, ONE).holds) == 2


@pytest.mark.parametrize("operation", ["admit", "configure", "view"])
def test_two_versions_at_once_are_refused(open_bench: Open, operation: str) -> None:
    bench = open_bench()
    bench.drive(bench.upkeep.configure(SCOPE, RULES))
    bench.ask(SCOPE, ONE)
    bench.client.setrange(book(bench), 3, b"\x63")
    for user in (bench, open_bench()):
        steps = {
            "admit": lambda user=user: user.operations.admit(SCOPE, "lane", [Bid(1, 1, ONE)]),
            "configure": lambda user=user: user.upkeep.configure(SCOPE, RULES),
            "view": lambda user=user: user.upkeep.view(),
        }[operation]()
        with pytest.raises(StoreUnavailable, match=r"another version of massgen-plugins \(format 99"):
            user.drive(steps)
    assert not bench.client.keys("*:broken:*")
