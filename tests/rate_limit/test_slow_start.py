"""A key without a profile, at a server that announces nothing: how much it costs to learn its limits."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

import pytest

from massgen_plugins.middleware import Refusal, RefusalKind, StatedLimit
from massgen_plugins.quota import HELD, MINUTE, NANOSECONDS, Domain, Kind, Sliding, Window
from massgen_plugins.rate_limit.limiter import DomainLimiter, Limiter
from massgen_plugins.rate_limit.moment import NEVER
from massgen_plugins.rate_limit.reservation import NORMAL, URGENT, Ask, Booking, Reservation
from massgen_plugins.rate_limit.startup import Startups
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.worker import AtOnce
from massgen_plugins.testing.virtual_time import VirtualClock, virtual_time

SECOND = Sliding(NANOSECONDS)
ONE = {Kind.REQUESTS: 1, Kind.CONCURRENT: 1}
UPLINK, LATENCY = 0.15, 0.3


@dataclass
class Server:
    """Allows ``amount`` per ``window`` (or at a time), and names that in its refusals if ``says``."""

    clock: VirtualClock
    amount: int
    window: Window
    says: bool = True
    lasts: float = 0.5
    refused: int = 0
    served: int = 0
    most: int = 0
    _counted: list[float] = field(default_factory=list)
    _under_way: int = 0

    def refuses(self) -> bool:
        if self.window is HELD:
            inside = self._under_way
        else:
            since = self.clock.seconds() - self.window.length / NANOSECONDS
            inside = sum(moment > since for moment in self._counted)
        if inside >= self.amount:
            self.refused += 1
            return True
        self._counted.append(self.clock.seconds())
        self.served += 1
        self._under_way += 1
        self.most = max(self.most, self._under_way)
        return False

    def over(self) -> None:
        self._under_way -= 1

    def refusal(self) -> Refusal:
        if not self.says:
            return Refusal(RefusalKind.OVERLOAD)
        kind = Kind.CONCURRENT if self.window is HELD else Kind.REQUESTS
        return Refusal(RefusalKind.WINDOW, limits=(StatedLimit(kind, self.window, self.amount),))


async def agent(domain: DomainLimiter, server: Server, turns: int, chance: random.Random) -> None:
    for _ in range(turns):
        arrival = await domain.tick()
        while True:
            call = await domain.acquire(Ask(("model", "*account"), ONE, arrival, call=object()))
            call.written()
            await asyncio.sleep(chance.uniform(0, UPLINK))
            refused = server.refuses()
            await asyncio.sleep(LATENCY)
            call.answered()
            if not refused:
                break
            call.settle_all({Kind.CONCURRENT: 0})
            await domain.refused(call, server.refusal())
            domain.ended(call.ask, answered=True)
            call.finished()
        domain.succeeded(call)
        domain.ended(call.ask, answered=True)
        await asyncio.sleep(server.lasts)
        server.over()
        call.finished()


def team(amount: int, window: Window, *, agents: int = 6, turns: int = 4, **how) -> tuple[Server, float]:
    """Let agents make so many calls each; the server, and the seconds that it took."""
    with virtual_time() as clock:
        store = MemoryStore(clock.tick, lambda: 10**18 + clock.tick())
        domain = Limiter(store, lambda _: None, worker=AtOnce()).domain(Domain("groq", "key"))
        server = Server(clock, amount, window, **how)
        chance = random.Random(4)
        began = clock.seconds()

        async def all_of_them() -> None:
            await asyncio.gather(*(agent(domain, server, turns, chance) for _ in range(agents)))

        clock.run(all_of_them())
        return server, clock.seconds() - began


@pytest.mark.parametrize(
    ("amount", "window"),
    [(10, MINUTE), (1, SECOND), (2, SECOND), (2, Sliding(10 * NANOSECONDS)), (15, MINUTE)],
)
def test_a_limit_is_learned_from_two_refusals_at_most(amount: int, window: Window) -> None:
    server, seconds = team(amount, window)
    assert 1 <= server.refused <= 2
    assert server.served == 24
    windows = -(-24 // amount) - 1
    assert seconds < windows * (window.length / NANOSECONDS + 2 * UPLINK + 0.1) + 10


@pytest.mark.parametrize("places", [1, 2, 3])
def test_so_are_places(places: int) -> None:
    server, _ = team(places, HELD, lasts=2.0)
    assert server.refused <= 2
    assert server.most == places


def test_where_nothing_is_refused_the_calls_at_a_time_grow_with_those_served() -> None:
    server, seconds = team(10_000, MINUTE, agents=50, turns=10, lasts=0.0)
    assert server.refused == 0
    assert seconds < 60  # two at a time would take 500 / 2 * 0.375 s


def test_after_a_refusal_that_says_nothing_one_call_at_a_time_tries_again() -> None:
    server, _ = team(10, MINUTE, says=False)
    windows, tries = 2, 6  # after 1, 2, 4, 8, 16, 32 seconds at most
    assert server.refused <= windows * (2 + tries)
    assert server.served == 24


def leaves(startups: Startups, ask: Ask, now: int) -> bool:
    if startups.blocker(ask, now) is not None:
        return False
    startups.granted(Reservation(ask, Booking(ONE, frozenset(), now, NEVER, now, NEVER, 0, 0)), now)
    return True


def ask(priority: int = NORMAL, pools: tuple[str, ...] = ("model", "*account")) -> Ask:
    return Ask(pools, ONE, 0, priority, call=object())


def after_the_first(*, is_paced: bool = False) -> Startups:
    startups, first = Startups(lambda _: None, lambda _: is_paced), ask()
    assert leaves(startups, first, 0)
    startups.ended(first, answered=True)
    return startups


def test_two_are_without_an_answer_at_a_time() -> None:
    startups, second = after_the_first(), ask()
    assert leaves(startups, second, 1)
    assert leaves(startups, ask(), 1)
    assert not leaves(startups, ask(), 2)
    assert startups.ended(second, answered=True)
    assert leaves(startups, ask(), 3)


def test_a_slow_server_holds_others_up_for_ten_seconds_at_most() -> None:
    startups = after_the_first()
    assert leaves(startups, ask(), 1)
    assert leaves(startups, ask(), 2)
    blocker = startups.blocker(ask(), 3)
    assert blocker is not None
    assert blocker.until == 1 + 10 * NANOSECONDS
    assert leaves(startups, ask(), blocker.until)


def test_a_call_that_blocks_its_event_loop_does_not_wait_for_others_of_it() -> None:
    startups = after_the_first()
    assert all(leaves(startups, ask(URGENT), 1) for _ in range(5))


def test_where_a_limit_is_known_all_leave() -> None:
    startups = after_the_first(is_paced=True)
    assert all(leaves(startups, ask(), 1) for _ in range(5))


def test_models_that_share_a_pool_start_together() -> None:
    startups = Startups(lambda _: None, lambda _: False)
    models = [ask(pools=(f"model{number}:free", "free", "*account")) for number in range(4)]
    assert [leaves(startups, each, 1) for each in models] == [True, True, False, False]
