"""The server's clock as a machine sees it between two answers."""

from __future__ import annotations

import pytest

from massgen_plugins.errors import StoreUnavailable
from massgen_plugins.rate_limit.stores.redis_clock import ServerClock
from massgen_plugins.rate_limit.stores.redis_server import RedisServer

MS = 1_000_000
SECOND = 1_000 * MS


class Pair:
    """This machine's clock and the server's; nanoseconds."""

    def __init__(self) -> None:
        self.local, self.server = 5 * SECOND, 1_790_000_000 * SECOND
        self.clock = ServerClock(lambda: self.local)

    def pass_time(self, nanoseconds: int) -> None:
        self.local += nanoseconds
        self.server += nanoseconds

    def exchange(self, out: int, back: int) -> None:
        """Ask the server; its answer says what time it had when the question came."""
        asked = self.local
        self.pass_time(out)
        shown = self.server // 1_000
        self.pass_time(back)
        self.clock.learn(shown, asked, self.local)


def test_it_is_never_early_and_as_late_as_the_quickest_question() -> None:
    pair = Pair()
    for out, back in ((80, 1), (1, 80), (20, 20)):
        pair.exchange(out * MS, back * MS)
        pair.pass_time(10 * MS)
        assert pair.clock.tick() >= pair.server
    pair.pass_time(100 * MS)  # until then it stands still rather than run backwards
    assert pair.clock.tick() - pair.server <= 1.2 * MS


def test_it_never_runs_backwards_when_it_learns_better() -> None:
    pair = Pair()
    pair.exchange(300 * MS, 0)
    before = pair.clock.tick()
    pair.exchange(1 * MS, 1 * MS)
    assert pair.clock.tick() >= before
    pair.pass_time(SECOND)
    assert pair.clock.tick() - pair.server < 3 * MS


@pytest.mark.parametrize("drift", [-400, 400])
def test_clocks_that_drift_apart_are_followed(drift: int) -> None:
    pair = Pair()
    for _ in range(100):
        pair.exchange(2 * MS, 2 * MS)
        pair.pass_time(60 * SECOND)
        pair.server += 60 * drift * 1_000  # parts in a million
        pair.exchange(2 * MS, 2 * MS)
        assert -0.001 * MS <= pair.clock.tick() - pair.server <= 40 * MS


def test_when_the_servers_clock_is_set_back_ticks_go_on() -> None:
    pair = Pair()
    pair.exchange(MS, MS)
    before = pair.clock.tick()
    pair.pass_time(SECOND)
    pair.server -= 25 * 3_600 * SECOND
    pair.exchange(MS, MS)
    assert 0.9 * SECOND < pair.clock.tick() - before < 1.1 * SECOND


def test_when_the_servers_clock_is_set_forward_ticks_follow() -> None:
    pair = Pair()
    pair.exchange(MS, MS)
    pair.server += 3_600 * SECOND
    pair.exchange(MS, MS)
    assert abs(pair.clock.tick() - pair.server) < 3 * MS


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://localhost", "redis://localhost:6379/0"),
        ("rediss://cache.example.org:7000/3", "rediss://cache.example.org:7000/3"),
        ("redis://[::1]:7000", "redis://[::1]:7000/0"),
    ],
)
def test_an_address_is_read_and_shown(url: str, shown: str) -> None:
    assert str(RedisServer.parse(url, {})) == shown


@pytest.mark.parametrize("url", ["redis://:secret@host:port", "redis://host/secret"])
def test_what_is_no_address_is_not_shown(url: str) -> None:
    with pytest.raises(StoreUnavailable) as error:
        RedisServer.parse(url, {})
    assert "secret" not in str(error.value)
