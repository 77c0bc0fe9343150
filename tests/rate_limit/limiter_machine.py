"""The limiter's histories: what users, servers and time do, as the rules of a state machine."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from massgen_plugins.errors import CallRefused, StoreUnavailable
from massgen_plugins.quota import (
    DAY,
    MINUTE,
    NANOSECONDS,
    Amounts,
    CalendarDay,
    Domain,
    Kind,
    Limit,
    PoolRules,
)
from massgen_plugins.rate_limit.limiter import DomainLimiter, Limiter
from massgen_plugins.rate_limit.reservation import NORMAL, URGENT, Ask, Reservation
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.rate_limit.stores.worker import AtOnce
from massgen_plugins.rate_limit.waiter import Waiter
from massgen_plugins.testing.virtual_time import virtual_time
from tests.rate_limit.processes import Mortal, PlayedStore, instant_wake_ups
from tests.rate_limit.reference import Call, Reference

__all__ = ["ZONE", "LimiterMachine", "SharedMachine"]

DOMAIN = Domain("gemini", "project")
ZONE = "America/Los_Angeles"
ONE_POOL = {
    "model": (
        Limit(Kind.REQUESTS, 5, MINUTE),
        Limit(Kind.INPUT_TOKENS, 100, MINUTE),
        Limit(Kind.REQUESTS, 25, CalendarDay(ZONE)),
    )
}
MIDNIGHT = 1_790_060_400 * NANOSECONDS
"""A midnight in the zone, in nanoseconds since the epoch."""

BEFORE_MIDNIGHT = MIDNIGHT - 1_300 * NANOSECONDS
"""The wall clock at tick zero: virtual time begins at 1,000 s, five minutes before midnight in the zone."""

PROMPT = NANOSECONDS // 1000
"""Nanoseconds within which a call that fits has left, where all wait in one order."""

OVER_THE_DEAD = 20 * NANOSECONDS
"""The same behind processes that were killed while they waited: their lease, and five seconds."""

MOURNING = 2 * OVER_THE_DEAD
"""For how long after a kill that is asked instead."""

LONGEST_SUSPEND = 9.0
"""Seconds that a claim surely survives unseen: a lease of fifteen, less the five until it is renewed."""

CONNECTING = 30 * NANOSECONDS
"""The longest that a call looks for a connection before it is written."""


@dataclass(eq=False)
class Process:
    """A limiter, and the calls that it was asked for."""

    limiter: Limiter
    domain: DomainLimiter
    store: PlayedStore
    worker: AtOnce


@dataclass(eq=False)
class Wish:
    """A call that waits, or waited; a prompt one is written as soon as it may be."""

    process: Process
    pools: tuple[str, ...]
    amounts: Amounts
    place: tuple[int, int]
    prompt: bool
    task: asyncio.Task[None] | None = None
    reservation: Reservation | None = None
    call: Call | None = None
    decided: bool = False


def note_decisions() -> AbstractContextManager[object]:
    """Calls are let go in the order in which they are decided, whoever's coroutine goes on first."""
    resolve = Waiter.resolve

    def resolve_and_note(waiter: Waiter, outcome: Reservation | Exception) -> None:
        waiter.ask.call.decided = True
        resolve(waiter, outcome)

    return patch.object(Waiter, "resolve", resolve_and_note)


class LimiterMachine(RuleBasedStateMachine):
    """The rules that hold for every store.

    Attributes:
        processes_in_all: How many processes share the store.
        limits: What holds in each pool.
        combinations: What calls book in.
        longest_suspend: Seconds for which nothing of a process runs, at most.
        one_order: Whether all processes keep one order for the same pools. One whose call waits behind
            another of its own, which waits in a further pool, does not hold up the others.
        prompt: Nanoseconds within which a call that fits has left; a process that was not first asks later.
    """

    processes_in_all: ClassVar[int] = 1
    limits: ClassVar[Mapping[str, Sequence[Limit]]] = ONE_POOL
    combinations: ClassVar[Sequence[tuple[str, ...]]] = (("model",),)
    longest_suspend: ClassVar[float] = 200.0
    prompt: ClassVar[int] = PROMPT
    one_order: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(instant_wake_ups())
        self.stack.enter_context(note_decisions())
        self.clock = self.stack.enter_context(virtual_time())
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.reference = Reference(self.limits, BEFORE_MIDNIGHT)
        self.rules = {name: _rules(limits) for name, limits in self.limits.items()}
        self.processes = [self.start() for _ in range(self.processes_in_all)]
        self.waiting: list[Wish] = []
        self.admitted: list[Wish] = []  # admitted, and there may be news of them
        self.complaints: list[str] = []
        self.changed = self.clock.tick()  # when anything but time last changed what fits
        self.mourning_until = 0

    def start(self) -> Process:
        store = self.open()
        self.stack.callback(store.close)
        worker = AtOnce()
        limiter = Limiter(store, lambda pool: self.rules[pool.name], worker=worker)
        return Process(limiter, limiter.domain(DOMAIN), store, worker)

    def open(self) -> PlayedStore:
        return MemoryStore(self.clock.tick, self.wall)

    def wall(self) -> int:
        return BEFORE_MIDNIGHT + self.clock.tick()

    def teardown(self) -> None:
        self.stack.close()

    # What happens.

    @rule(
        which=st.integers(0, 2), count=st.integers(2, 8), tokens=st.integers(1, 20), pools=st.integers(0, 9)
    )
    def acquire_many(self, which: int, count: int, tokens: int, pools: int = 0) -> None:
        for _ in range(count):
            self.acquire(which, tokens, pools=pools)

    @rule(
        which=st.integers(0, 2),
        tokens=st.integers(1, 60),
        urgent=st.sampled_from([False] * 5 + [True]),
        prompt=st.booleans(),
        pools=st.integers(0, 9),
    )
    def acquire(
        self, which: int, tokens: int, urgent: bool = False, prompt: bool = True, pools: int = 0
    ) -> None:
        process = self.processes[which % len(self.processes)]
        combination = self.combinations[pools % len(self.combinations)]
        amounts = {Kind.REQUESTS: 1, Kind.INPUT_TOKENS: tokens, Kind.CONCURRENT: 1}
        wish = Wish(process, combination, amounts, (0 if urgent else 1, self.clock.tick()), prompt)
        self.waiting.append(wish)
        self.changed = self.clock.tick()
        self.clock.run(self.begin(wish))

    @precondition(lambda self: self.admitted)
    @rule(which=st.integers(0, 99))
    def write(self, which: int) -> None:
        (wish, call), now = self.one_admitted(which), self.clock.tick()
        late = now - call.admitted > CONNECTING or not self.reference.same_day(call.admitted, now)
        if call.written is None and not late:
            self.leave(wish, call)
            self.breathe()

    @precondition(lambda self: self.admitted)
    @rule(which=st.integers(0, 99), at_once=st.booleans())
    def answer(self, which: int, at_once: bool) -> None:
        wish, call = self.one_admitted(which)
        if call.written is not None and call.arrived is None:
            call.arrived = self.clock.tick()
            wish.reservation.answered()
            if at_once:
                wish.process.limiter.flush()
                call.reported = True
            self.breathe()

    @precondition(lambda self: self.admitted)
    @rule(which=st.integers(0, 99), share=st.integers(0, 100))
    def settle(self, which: int, share: int) -> None:
        """The last word on what it took; never more than was estimated."""
        wish, call = self.one_admitted(which)
        if call.arrived is not None:
            used = {Kind.INPUT_TOKENS: call.amounts[Kind.INPUT_TOKENS] * share // 100}
            wish.reservation.settle(used)
            wish.reservation.settle(used)
            call.amounts = {**call.amounts, **used}
            call.reported = True
            self.breathe()

    @precondition(lambda self: self.admitted)
    @rule(which=st.integers(0, 99))
    def release(self, which: int) -> None:
        wish, call = self.one_admitted(which)
        if call.written is None:
            call.released = True
            self.admitted.remove(wish)
            wish.reservation.release()
            self.breathe()

    @precondition(lambda self: self.admitted)
    @rule(which=st.integers(0, 99))
    def lose(self, which: int) -> None:
        wish, call = self.one_admitted(which)
        if call.written is not None:
            self.admitted.remove(wish)
            call.over = self.clock.tick()
            wish.reservation.finished()
            self.breathe()

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 99))
    def cancel(self, which: int) -> None:
        wish = self.waiting.pop(which % len(self.waiting))
        assert wish.task is not None
        wish.task.cancel()
        self.breathe()

    @rule(milliseconds=st.one_of(st.integers(1, 3_000), st.integers(1, 70_000), st.just(65_000)))
    def pass_time(self, milliseconds: int) -> None:
        left = milliseconds / 1000
        while left > 0:
            self.clock.run(asyncio.sleep(min(left, self.longest_suspend)))
            self.breathe(changed=False)
            left -= self.longest_suspend

    @rule(seconds=st.floats(0, 200))
    def suspend(self, seconds: float) -> None:
        """Time passes, and no timer runs."""
        seconds = min(seconds, self.longest_suspend)
        if self.waiting and len(self.processes) > 1:
            seconds = min(seconds, LONGEST_SUSPEND)
        self.clock.advance(seconds)
        self.breathe()

    @precondition(lambda self: not self.waiting)
    @rule(before=st.integers(0, 2_500))
    def wait_for_midnight(self, before: int) -> None:
        """Until so many milliseconds before it; no call that holds a place is under way so long."""
        places = any(limit.kind == Kind.CONCURRENT for limits in self.limits.values() for limit in limits)
        if places and any(call.over is call.died is None for call in self.reference.calls):
            return
        self.clock.advance((-(self.wall() - MIDNIGHT) % DAY.length) / NANOSECONDS - before / 1000)
        self.breathe()

    # What must be true.

    @invariant()
    def no_window_at_the_server_is_over(self) -> None:
        for pool, limits in self.limits.items():
            for limit in limits:
                assert self.reference.fullest(pool, limit, self.clock.tick()) <= limit.amount, (pool, limit)

    @invariant()
    def nobody_has_anything_to_complain_of(self) -> None:
        self.look_for_a_stall()
        assert not self.complaints, self.complaints

    def look_for_a_stall(self) -> None:
        now = self.clock.tick()
        patience = OVER_THE_DEAD if now < self.mourning_until else self.prompt
        if now - patience <= self.changed:
            return
        taken: set[str] = set()  # pools in which somebody waits who came before
        for wish in sorted(self.waiting, key=lambda wish: wish.place):
            first = taken.isdisjoint(wish.pools)
            if first and self.reference.surely_fits(wish.pools, wish.amounts, now - patience):
                self.complaints.append(f"the first one waits at {now} although it fits: {wish}")
            taken.update(wish.pools)

    # How it is done.

    async def begin(self, wish: Wish) -> None:
        wish.task = asyncio.create_task(self.play(wish))
        await self.let_all_act()

    async def play(self, wish: Wish) -> None:
        """Wait, and see that all is well when the wait ends."""
        try:
            priority = URGENT if wish.place[0] == 0 else NORMAL
            ask = Ask(wish.pools, wish.amounts, self.clock.tick(), priority, call=wish)
            wish.reservation = await wish.process.domain.acquire(ask)
        except CallRefused as refusal:
            self.check_refusal(wish, refusal)
        except StoreUnavailable:
            return  # its process is dead
        else:
            self.check_grant(wish)
        self.waiting.remove(wish)
        self.changed = self.clock.tick()

    def check_grant(self, wish: Wish) -> None:
        before = [
            other
            for other in self.waiting
            if other.pools == wish.pools and other.place < wish.place and not other.decided
            if self.one_order or other.process is wish.process
        ]
        if before:
            self.complaints.append(f"{wish} leaves before {before[0]}")
        self.look_for_a_stall()
        wish.call = Call(wish.pools, wish.amounts, self.clock.tick())
        self.reference.calls.append(wish.call)
        self.admitted.append(wish)
        if wish.prompt:
            self.leave(wish, wish.call)

    def leave(self, wish: Wish, call: Call) -> None:
        call.written = self.clock.tick()
        wish.reservation.written()

    def check_refusal(self, wish: Wish, refusal: CallRefused) -> None:
        urgent = wish.place[0] == 0
        spent = self.reference.day_may_be_spent(wish.pools, wish.amounts, self.clock.tick())
        if not urgent and not spent:
            self.complaints.append(f"refused without need: {refusal}")

    def one_admitted(self, which: int) -> tuple[Wish, Call]:
        wish = self.admitted[which % len(self.admitted)]
        assert wish.call is not None
        return wish, wish.call

    def breathe(self, *, changed: bool = True) -> None:
        """Let everybody do what can be done now."""
        if changed:
            self.changed = self.clock.tick()
        self.clock.run(self.let_all_act())

    async def let_all_act(self) -> None:
        """Wake-ups, timers, and what the workers were reminded of."""
        for _ in range(3):
            await _breathe()
            for process in self.processes:
                process.worker.do_chores()
        await _breathe()


class SharedMachine(LimiterMachine):
    """Three processes share a store, and can be killed."""

    processes_in_all = 3

    @rule(which=st.integers(0, 2))
    def kill(self, which: int) -> None:
        """Its calls stay as they were: unwritten ones never leave, written ones may yet be counted."""
        victim = self.processes[which]
        assert isinstance(victim.store, Mortal)
        victim.store.die()
        for wish in [wish for wish in self.waiting if wish.process is victim]:
            self.waiting.remove(wish)
            self.mourning_until = self.clock.tick() + MOURNING
            assert wish.task is not None
            wish.task.cancel()
        for wish in self.admitted:
            if wish.process is victim and wish.call is not None:
                wish.call.died = self.clock.tick()
        self.admitted = [wish for wish in self.admitted if wish.process is not victim]
        self.processes[which] = self.start()
        self.breathe()


async def _breathe() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


def _rules(limits: Sequence[Limit]) -> PoolRules:
    return PoolRules(tuple(limits), cooldown_mode="off", zone=ZONE, max_wait=10**6 * NANOSECONDS)
