"""What can go wrong with a server, and with what it holds: one process is never over."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Kind, Limit, PoolRules
from massgen_plugins.rate_limit.stores.domain_names import domain_name
from massgen_plugins.rate_limit.stores.redis_server import PASSWORD_VARIABLE, USERNAME_VARIABLE
from massgen_plugins.rate_limit.stores.redis_server import RedisServer as Address
from massgen_plugins.rate_limit.stores.redis_store import RedisStore, key_of
from tests.faults.spoiled_redis import SPOILED, SpoiledRedis
from tests.rate_limit.stores.process import DOMAIN, MODEL, Process
from tests.rate_limit.stores.redis.server import RedisServer

LIMIT = 6
RULES = PoolRules(
    limits=(Limit(Kind.REQUESTS, LIMIT, MINUTE), Limit(Kind.REQUESTS, 20, CalendarDay("UTC"))),
    cooldown_mode="off",
)
KEY = key_of(domain_name(DOMAIN))

Connect = Callable[..., Process]
Start = Callable[..., RedisServer]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Begins processes that use a server."""
    made: list[Process] = []

    def begin(url: str, **environment: str) -> Process:
        store = RedisStore(Address.parse(url, environment))
        made.append(Process(store, RULES, f"process {len(made)}", []))
        return made[-1]

    yield begin
    for process in made:
        process.store.close()


def retry(process: Process) -> None:
    """A server that has failed is tried again from now on."""
    process.replica._retry_at = 0.0


def ends_well(process: Process) -> None:
    """The rest of the minute is spent and no more, and the server was said to fail once, and to be back."""
    retry(process)
    process.spend(2 * LIMIT)
    assert not process.replica.offline
    assert process.used()[0] == LIMIT
    assert len(process.said) == 2, process.said
    assert "cannot be used" in process.said[0] or "does not answer like" in process.said[0]
    assert "works again" in process.said[1]


def test_scripts_that_a_server_has_forgotten_are_told_again(server: RedisServer, connect: Connect) -> None:
    process = connect(server.url)
    for _ in range(3):
        with server.client() as client:
            client.script_flush()
        assert process.spend(1) == 1
    assert process.used() == connect(server.url).used() == [3, 3]
    assert not process.said


def test_a_broken_connection_is_made_anew(server: RedisServer, connect: Connect) -> None:
    process = connect(server.url)
    for _ in range(3):
        assert process.spend(1) == 1
        with server.client() as client:
            client.client_kill_filter(_type="normal", skipme=True)
    assert process.used() == connect(server.url).used() == [3, 3]
    assert not process.said


def test_a_server_that_goes_and_comes_back_empty_is_told_what_was_spent(
    own_server: Start, connect: Connect
) -> None:
    server = own_server()
    process = connect(server.url)
    assert process.spend(2) == 2
    server.stop()
    start = time.monotonic()
    assert process.spend(2) == 2
    assert time.monotonic() - start < 2
    [said] = process.said
    assert f"redis://127.0.0.1:{server.port}/0 cannot be used: " in said
    server.start()
    ends_well(process)
    assert connect(server.url).used() == [LIMIT, LIMIT]


def test_a_server_that_was_never_there_is_one_sentence(own_server: Start, connect: Connect) -> None:
    server = own_server()
    server.stop()
    process = connect(server.url)
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        process.store.domains()
    assert process.spend(2 * LIMIT) == LIMIT
    server.start()
    ends_well(process)
    assert connect(server.url).used() == [LIMIT, LIMIT]


def test_a_server_that_hangs_is_given_up_within_seconds(own_server: Start, connect: Connect) -> None:
    server = own_server()
    process = connect(server.url)
    assert process.spend(2) == 2
    server.send(signal.SIGSTOP)
    try:
        start = time.monotonic()
        assert process.spend(2) == 2
        assert time.monotonic() - start < 6
    finally:
        server.send(signal.SIGCONT)
    ends_well(process)


def test_a_server_that_is_flushed_is_told_again(server: RedisServer, connect: Connect) -> None:
    process, other = connect(server.url), connect(server.url)
    assert process.spend(2) + other.spend(2) == process.used()[0] == 4
    with server.client() as client:
        client.flushall()
    spent = 4 + process.spend(1) + other.spend(LIMIT) + process.spend(LIMIT)
    assert 5 <= spent <= LIMIT
    assert process.used()[1] == other.used()[1] == spent
    assert not process.said + other.said


def test_of_a_server_that_is_flushed_those_who_knew_more_tell_it_more(
    server: RedisServer, connect: Connect
) -> None:
    process, other = connect(server.url), connect(server.url)
    assert process.spend(1) + other.spend(3) == 4
    with server.client() as client:
        client.flushall()
    spent = 4 + process.spend(1) + other.spend(LIMIT) + process.spend(LIMIT)
    assert 5 <= spent <= LIMIT
    assert not process.said + other.said


def test_a_server_that_evicts_what_it_holds_is_told_again(own_server: Start, connect: Connect) -> None:
    server = own_server("--maxmemory", "3mb", "--maxmemory-policy", "allkeys-random")
    process = connect(server.url)
    spent = process.spend(2)
    with server.client() as client:
        for number in range(5_000):
            client.set(f"other {number}", bytes(10_000))
            if not client.exists(KEY):
                break
        assert not client.exists(KEY)
    spent += process.spend(2 * LIMIT)
    assert spent == LIMIT


def test_a_server_that_is_full_is_said(own_server: Start, connect: Connect) -> None:
    server = own_server()
    process = connect(server.url)
    assert process.spend(2) == 2
    with server.client() as client:
        client.config_set("maxmemory", "1")
        assert process.spend(2) == 2
        assert "it is out of memory" in process.said[0]
        client.config_set("maxmemory", "0")
    ends_well(process)


def test_a_password_comes_from_the_environment_and_is_never_shown(
    own_server: Start, connect: Connect
) -> None:
    server = own_server("--requirepass", "open-sesame")
    for environment in ({}, {PASSWORD_VARIABLE: "wrong-sesame"}):
        process = connect(server.url, **environment)
        assert process.spend(2 * LIMIT) == LIMIT
        [said] = process.said
        assert "it does not accept the user name or password" in said
        assert "sesame" not in f"{said}{process.store.description}{process.store._server!r}"
    process = connect(server.url, **{PASSWORD_VARIABLE: "open-sesame"})
    assert process.spend(1) == 1
    assert not process.said


def test_a_user_who_may_use_our_keys_alone_is_enough(own_server: Start, connect: Connect) -> None:
    server = own_server()
    with server.client() as client:
        client.execute_command(
            "ACL SETUSER limiter on >secret ~massgen-rl:* resetchannels &massgen-rl:* +@all -@dangerous"
        )
        client.execute_command("ACL SETUSER default off")
    process = connect(server.url, **{USERNAME_VARIABLE: "limiter", PASSWORD_VARIABLE: "secret"})
    assert process.spend(2 * LIMIT) == LIMIT
    assert not process.said


@pytest.mark.parametrize("kind", SPOILED)
def test_answers_that_no_server_gives_lift_no_limit(server: RedisServer, connect: Connect, kind: str) -> None:
    with SpoiledRedis(server.port) as between:
        process = connect(between.url)
        assert process.spend(2) == 2
        between.answer = SPOILED[kind]
        assert process.spend(2) == 2
        assert process.replica.offline
        between.answer = None
        ends_well(process)


def test_a_server_that_never_answers_is_waited_for_once_and_not_by_every_call(monkeypatch) -> None:
    monkeypatch.setattr("massgen_plugins.rate_limit.stores.redis_store._TIMEOUT", 0.01)
    now = 5
    with socket.create_server(("127.0.0.1", 0)) as mute:
        mute.settimeout(0)
        store = RedisStore(Address.parse(f"redis://127.0.0.1:{mute.getsockname()[1]}"), lambda: now)

        def attempts() -> int:
            for _ in range(12):  # one for each call that waits
                store.open()
            found = 0
            with suppress(BlockingIOError):
                while True:
                    mute.accept()[0].close()
                    found += 1
            return found

        assert [attempts(), attempts()] == [1, 0]
        now += 11 * NANOSECONDS
        assert attempts() == 1
        store.close()


DAMAGES = {
    "facts": {"d:facts": "{"},
    "book": {f"d:book/{MODEL}": b"\xff\x00"},
    "queue": {"d:queue/another": "7"},
    "version is no number": {"version": "x"},
    "version is below zero": {"version": "-3"},
    "version is infinite": {"version": "inf"},
    "version is large": {"version": "9" * 30},
    "version of a part is no number": {"v:facts": "x"},
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_another_program_has_written_stops_nobody_and_lifts_no_limit(
    server: RedisServer, connect: Connect, damage: str
) -> None:
    process = connect(server.url)
    assert process.spend(3) == 3
    with server.client() as client:
        version = client.hget(KEY, "version")
        newer = {"version": int(version) + 1}
        parts = {f"v:{name.removeprefix('d:')}": int(version) + 1 for name in DAMAGES[damage] if "d:" in name}
        client.hset(KEY, mapping={**newer, **parts, **DAMAGES[damage]})
    assert process.spend(2 * LIMIT) == LIMIT - 3
    assert not process.replica.offline
    assert connect(server.url).used() == [LIMIT, LIMIT]


def test_a_key_of_another_type_is_said_once_until_it_is_gone(server: RedisServer, connect: Connect) -> None:
    process = connect(server.url)
    assert process.spend(2) == 2
    with server.client() as client:
        client.delete(KEY)
        client.lpush(KEY, "what", "is", "this")
        for _ in range(2):
            assert process.spend(1) == 1
            retry(process)
        assert len(process.said) == 1
        assert "refuses" in process.said[0]
        client.delete(KEY)
    ends_well(process)
