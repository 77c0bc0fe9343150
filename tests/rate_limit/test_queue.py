"""Two processes at one domain: who is behind whom, for how long, and who is woken."""

from __future__ import annotations

import asyncio

from massgen_plugins.quota import MINUTE, NANOSECONDS, Domain, Kind, Limit, PoolRules
from massgen_plugins.rate_limit.domain import QUEUE, DomainState
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.slots import next_slot
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.worker import AtOnce
from massgen_plugins.rate_limit.tickets import PATIENCE, Ticket
from massgen_plugins.rate_limit.verdict import Blocker, Reason

START = 10**15
REQUESTS, TOKENS = Kind.REQUESTS, Kind.INPUT_TOKENS


def at(seconds: float) -> Moment:
    return Moment(START + round(seconds * NANOSECONDS), START + round(seconds * NANOSECONDS))


class Room:
    """A domain in which calls of several processes are decided; who has to wait is in the queue then."""

    def __init__(self, **limits: Limit) -> None:
        self.state = DomainState("a")
        for name, limit in limits.items():
            self.state.configure(name, PoolRules((limit,), cooldown_mode="off"), START)

    def ask(self, process: str, seconds: float, pools: str, amounts: dict[str, int]) -> Blocker | None:
        """Why a call may not leave; None if it does."""
        self.state.process = process
        ask = Ask(tuple(pools.split()), amounts, at(seconds).tick)
        verdict = self.state.decide(at(seconds), ask)
        return None if isinstance(verdict, Reservation) else verdict.blocker

    def queue(self, process: str, seconds: float, pools: str, amounts: dict[str, int], until: float) -> None:
        """A process's first waiter, that asks again at ``until``."""
        self.state.process = process
        ask = Ask(tuple(pools.split()), amounts, at(seconds).tick)
        self.state.queue(ask, f"address of {process}", at(seconds).tick, at(until).tick, 1)

    def woken_by(self, process: str, seconds: float) -> list[str]:
        self.state.process = process
        return self.state.to_wake(at(seconds))


def tokens(amount: int) -> Limit:
    return Limit(TOKENS, amount, MINUTE)


def test_behind_one_that_fits_others_wait_for_a_moment_and_are_told_for_whom() -> None:
    room = Room(pool=tokens(100))
    room.queue("a", 0, "pool", {TOKENS: 10}, until=4)
    blocker = room.ask("b", 1, "pool", {TOKENS: 10})
    assert (blocker.reason, blocker.pool, blocker.ahead) == (Reason.QUEUE, "pool", "address of a")
    assert blocker.until == at(1).tick + PATIENCE
    assert room.ask("b", 1.09, "pool", {TOKENS: 10}) is not None
    assert room.ask("b", 1.1, "pool", {TOKENS: 10}) is None


def test_nobody_overtakes_a_larger_call_in_its_pool() -> None:
    room = Room(pool=tokens(100))
    assert room.ask("a", 0, "pool", {TOKENS: 50}) is None
    room.queue("a", 1, "pool", {TOKENS: 80}, until=4)
    blocker = room.ask("b", 2, "pool", {TOKENS: 10})
    assert (blocker.reason, blocker.pool, blocker.ahead) == (Reason.QUEUE, "pool", "address of a")
    assert blocker.until >= at(60).tick


def test_one_that_does_not_fit_elsewhere_hides_nobody_behind_it() -> None:
    room = Room(full=Limit(REQUESTS, 1, MINUTE), free=tokens(100))
    assert room.ask("a", 0, "full", {REQUESTS: 1}) is None
    room.queue("a", 1, "full free", {REQUESTS: 1, TOKENS: 1}, until=4)
    room.queue("b", 2, "free", {TOKENS: 10}, until=4)
    blocker = room.ask("c", 3, "free", {TOKENS: 10})
    assert (blocker.reason, blocker.pool, blocker.ahead) == (Reason.QUEUE, "free", "address of b")
    assert room.ask("c", 3.2, "free", {TOKENS: 10}) is None


def test_who_waits_behind_another_expects_to_leave_after_it() -> None:
    room = Room(pool=Limit(REQUESTS, 1, MINUTE))
    assert room.ask("a", 0, "pool", {REQUESTS: 1}) is None
    room.queue("a", 1, "pool", {REQUESTS: 1}, until=4)
    blocker = room.ask("b", 2, "pool", {REQUESTS: 1})
    assert (blocker.reason, blocker.ahead) == (Reason.LIMIT, "address of a")
    assert blocker.until >= at(119).tick


def test_who_fits_and_would_ask_only_later_is_woken_the_first_of_each_pool() -> None:
    room = Room(full=Limit(REQUESTS, 1, MINUTE), free=tokens(100))
    assert room.ask("me", 0, "full", {REQUESTS: 1}) is None
    room.queue("a", 1, "full", {REQUESTS: 1}, until=5)
    room.queue("late", 3, "free", {TOKENS: 10}, until=5)
    room.queue("the first", 2, "free", {TOKENS: 10}, until=5)
    assert room.woken_by("the first", 4) == []
    assert room.woken_by("me", 5.05) == []  # they ask on their own
    assert room.woken_by("me", 5.2) == ["address of a", "address of the first"]  # they should have asked
    room.queue("the first", 2, "free", {TOKENS: 10}, until=8)
    assert room.woken_by("me", 6) == ["address of a", "address of the first"]
    assert room.woken_by("me", 6.05) == ["address of a"]  # the first one was told, and has its time to ask
    assert room.woken_by("me", 6.2) == ["address of a", "address of the first"]


def test_who_has_room_and_may_not_know_it_is_to_be_woken() -> None:
    """What was ahead of it may have gone without a word, as a killed process does."""
    for decided, unaware in ((0, True), (2.95, False)):
        room = Room(pool=tokens(100))
        room.queue("a", decided, "pool", {TOKENS: 10}, until=5)
        blocker = room.ask("b", 3, "pool", {TOKENS: 10})
        assert (blocker.reason, blocker.ahead) == (Reason.QUEUE, "address of a")
        assert room.state.queue_moved is unaware


def test_one_that_will_fit_long_before_it_asks_again_is_woken() -> None:
    room = Room(pool=tokens(100))
    assert room.ask("a", 0, "pool", {TOKENS: 100}) is None
    room.queue("b", 60, "pool", {TOKENS: 50}, until=65)
    assert room.woken_by("a", 61) == ["address of b"]
    room.queue("b", 60, "pool", {TOKENS: 50}, until=62.1)
    assert room.woken_by("a", 61) == []


class Listening(MemoryStore):
    """Two processes; notes who is woken."""

    def __init__(self) -> None:
        super().__init__(shared=True)
        self.woken: list[str] = []

    def wake(self, address: str) -> bool:
        self.woken.append(address)
        return True


def test_a_process_wakes_others_only_when_something_has_changed_for_them() -> None:
    """Else two processes whose waiters fit, but wait behind others of their own, wake each other for ever."""
    store = Listening()
    rules = PoolRules((tokens(100),), cooldown_mode="off")
    limiter = Limiter(store, lambda _: rules, worker=AtOnce())
    queue = limiter.domain(Domain("gemini", "project")).queue
    call = asyncio.run(queue.acquire(Ask(("pool",), {TOKENS: 60})))

    def other_waits(state: DomainState, now: Moment) -> None:
        ticket = Ticket(
            "b", "address of b", ("pool",), {TOKENS: 10}, 1, now.tick, now.tick, now.tick + MINUTE.length
        )
        state.tickets.put(ticket)
        state.changed.add(QUEUE)

    queue.later(other_waits)
    queue.flush()
    assert store.woken == []
    call.settle({TOKENS: 5})
    queue.flush()
    assert store.woken == ["address of b"]


def test_the_next_call_may_leave_now_while_a_single_one_fits() -> None:
    room = Room(pool=Limit(REQUESTS, 2, MINUTE))
    assert room.ask("a", 0, "pool", {REQUESTS: 1}) is None
    assert next_slot(room.state, at(1), "pool", ()).tick == at(1).tick
    assert room.ask("a", 1, "pool", {REQUESTS: 1}) is None
    assert next_slot(room.state, at(2), "pool", ()).tick > at(59).tick
