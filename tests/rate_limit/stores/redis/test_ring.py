"""The Lua ledger against brute force: never over, never idle by more than a cell, whatever happens."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from massgen_plugins.quota import CalendarDay, Kind, Limit, Scope, ScopeRules, Sliding, margin_of
from massgen_plugins.rate_limit.hold import Hold
from massgen_plugins.rate_limit.lanes import unpack
from massgen_plugins.rate_limit.ledger import WRITE_GRACE
from tests.rate_limit.stores.redis.conftest import Bench, TestClock
from tests.rate_limit.stores.redis.server import RedisServer

SECOND = 1_000_000
MINUTE, LONG = Sliding(60 * 10**9), Sliding(3600 * 10**9)
ZONE = "America/Los_Angeles"
LIMITS = (
    Limit(Kind.REQUESTS, 6, MINUTE),
    Limit(Kind.INPUT_TOKENS, 1_000, MINUTE),
    Limit(Kind.REQUESTS, 40, LONG),
    Limit(Kind.REQUESTS, 60, CalendarDay(ZONE)),
)
RULES = ScopeRules(limits=LIMITS, zone=ZONE)


@dataclass
class Entry:
    """What is true of one call: when it counts from (microseconds, for each window), and what it takes."""

    hold: Hold
    begun: int
    amounts: list[int]
    arrived: int | None = None
    gone: set[int] = field(default_factory=set)

    def stamp(self, window: Sliding) -> int:
        latest = self.begun + -(-margin_of(window) // 1000)
        return latest if self.arrived is None else min(latest, self.arrived)


class Reference:
    """All calls there ever were, looked through one by one."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def used(self, index: int, now: int, slack: int = 0) -> int:
        window = LIMITS[index].window
        if not isinstance(window, Sliding):
            return sum(entry.amounts[index] for entry in self.entries)
        length = window.length // 1000
        alive = (entry for entry in self.entries if entry.stamp(window) + length + slack > now)
        return sum(entry.amounts[index] for entry in alive)


def cell(bench: Bench, scope: Scope, index: int) -> int:
    """How much later than it should something may age out: one cell of the ring."""
    layout = bench.store._operations._library.known(scope).layout
    [window] = [each for each in layout.windows if index in each.places]
    return (window.length + window.lead) // 1000 * 1000 // 1030 + 1


AMOUNTS = st.tuples(st.integers(1, 2), st.integers(0, 700))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), AMOUNTS),
        st.tuples(st.just("pass"), st.integers(1, 75 * SECOND)),
        st.tuples(st.just("pass"), st.integers(1, 100_000)),
        st.tuples(st.just("arrive"), st.integers(0, 50)),
        st.tuples(st.just("settle"), st.tuples(st.integers(0, 50), st.integers(0, 900))),
        st.tuples(st.just("release"), st.integers(0, 50)),
        st.tuples(st.just("back"), st.integers(1, 7_200 * SECOND)),
    ),
    min_size=5,
    max_size=60,
)


class Run:
    """One sequence of steps on a scope of its own."""

    def __init__(self, bench: Bench, scope: Scope) -> None:
        self.bench, self.scope, self.clock = bench, scope, bench.clock
        self.reference = Reference()
        self.now = self.clock.server  # the time that has really passed
        bench.drive(bench.upkeep.configure(scope, RULES))

    def ask(self, amounts: tuple[int, int]) -> None:
        wanted = {Kind.REQUESTS: amounts[0], Kind.INPUT_TOKENS: amounts[1]}
        decision = self.bench.ask(self.scope, wanted)
        if decision.blocker is None:
            [hold] = decision.holds
            row = unpack(hold.row, len(LIMITS))
            assert row == [amounts[0], amounts[1], amounts[0], amounts[0]]
            self.reference.entries.append(Entry(hold, self.now + WRITE_GRACE // 1000, row))
        else:
            self.never_idle([amounts[0], amounts[1], amounts[0], amounts[0]])

    def never_idle(self, row: list[int]) -> None:
        passed = []
        for index, limit in enumerate(LIMITS):
            slack = cell(self.bench, self.scope, index) if isinstance(limit.window, Sliding) else 0
            passed.append(self.reference.used(index, self.now, slack) + row[index] > limit.amount)
        assert any(passed)

    def never_over(self) -> None:
        for index, (limit, used) in enumerate(zip(LIMITS, self.bench.used(self.scope), strict=True)):
            exact = self.reference.used(index, self.now)
            assert used >= exact, limit
            if isinstance(limit.window, Sliding):
                assert used <= self.reference.used(index, self.now, cell(self.bench, self.scope, index)), (
                    limit
                )
            else:
                assert used == exact

    def arrive(self, index: int) -> None:
        if entry := self._entry(index):
            entry.arrived = self.now
            entry.hold.arrived = self.bench.store.tick()
            entry.hold.end()
            self._tell(entry)

    def settle(self, index: int, tokens: int) -> None:
        if entry := self._entry(index):
            entry.hold.settle({Kind.INPUT_TOKENS: tokens})
            self._tell(entry)

    def release(self, index: int) -> None:
        if entry := self._entry(index):
            entry.hold.release()
            self._tell(entry)

    def _entry(self, index: int) -> Entry | None:
        return self.reference.entries[index % len(self.reference.entries)] if self.reference.entries else None

    def _tell(self, entry: Entry) -> None:
        # What has aged out of a window stays as it is there.
        old = [self._aged(entry, index) for index in range(len(LIMITS))]
        before = entry.amounts
        self.bench.note(self.scope, entry.hold)
        row = unpack(entry.hold.row, len(LIMITS))
        entry.amounts = [before[i] if old[i] else row[i] for i in range(len(LIMITS))]

    def _aged(self, entry: Entry, index: int) -> bool:
        window = LIMITS[index].window
        if not isinstance(window, Sliding):
            return False
        arrived, entry.arrived = entry.arrived, None if entry.arrived == self.now else entry.arrived
        aged = entry.stamp(window) + window.length // 1000 <= self.now
        entry.arrived = arrived
        return aged


COUNT = iter(range(10**9))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_it_counts_what_is_true(shared_server: RedisServer, steps: list[tuple[str, object]]) -> None:
    made = Bench(shared_server, TestClock())
    made.client.flushdb()
    run = Run(made, Scope("gemini", "ring", f"model-{next(COUNT)}"))
    for step, argument in steps:
        if step == "pass":
            run.now += argument
            made.clock.pass_time(argument)
        elif step == "back":
            made.clock.server -= argument  # the server's clock is set back; no time has passed
        elif step == "settle":
            run.settle(*argument)
        else:
            getattr(run, step)(argument)
        run.never_over()
    made.drive(made.upkeep.forget(run.scope))
    made.close()
