"""The SQLite store while the clocks of its machine go wrong, against a server whose clock is right.

Simulated hours of as many calls as are admitted, with reboots, suspends and a wall clock that is set. Each
answer says what time the server has.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Domain, Kind, Limit, PoolRules, margin_of
from massgen_plugins.rate_limit.calendar_windows import period_end, period_of
from massgen_plugins.rate_limit.domain import DomainState
from massgen_plugins.rate_limit.learning import observed_date
from massgen_plugins.rate_limit.moment import Moment
from massgen_plugins.rate_limit.replica import DomainReplica
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore

ZONE = "America/Los_Angeles"
DOMAIN = Domain("gemini", "project")
PER_MINUTE, PER_DAY = 10, 300
PER_STEP = 3
MINUTELY = PoolRules((Limit(Kind.REQUESTS, PER_MINUTE, MINUTE),), cooldown_mode="off")
DAY = Limit(Kind.REQUESTS, PER_DAY, CalendarDay(ZONE))
DAILY = PoolRules((*MINUTELY.limits, DAY), cooldown_mode="off", zone=ZONE)
ONLY_DAILY = PoolRules((DAY,), cooldown_mode="off", zone=ZONE)
HOUR = 3600 * NANOSECONDS
NOON = 1_790_000_000 * NANOSECONDS
MIDNIGHT = period_end(period_of(NOON, CalendarDay(ZONE)), CalendarDay(ZONE))
STEP = NANOSECONDS
"""How often the program asks, and so how late a call may be for that reason alone."""
LATENCY = margin_of(MINUTE)
"""A call reaches the server within this time after it was admitted."""


@dataclass
class World:
    """A machine with its clocks, a program on it that makes calls, and a server.

    Attributes:
        now: True time, in nanoseconds since the epoch.
        arrivals: When calls came to the server, in true time.
        right_at_start: Whether its wall clock is right when the machine has started.
        boots: How often it was started again.
        awake: Spans of true time for which the program ran: beginning, and end.
    """

    path: Path
    chance: random.Random
    rules: PoolRules
    now: int = NOON
    right_at_start: bool = True
    boots: int = 0
    arrivals: list[int] = field(default_factory=list)
    awake: list[tuple[int, int]] = field(default_factory=list)
    _wrong_by: int = 0
    _answers: list[tuple[int, int, int]] = field(default_factory=list)
    _next_date: int = 0
    _booted: int = 0

    def __post_init__(self) -> None:
        self._booted = self.now - HOUR
        self._open()

    def reboot(self, off: int) -> None:
        """The machine is off for so long, and begins to count from zero."""
        self.store.close()
        self._answers, self._next_date = [], 0
        self.now += off
        self._booted, self.boots = self.now, self.boots + 1
        self._wrong_by = 0 if self.right_at_start else self._wrong_by
        self.pass_time(self.chance.randrange(5, 40) * NANOSECONDS)
        self._open()

    def set_clock(self, wrong_by: int) -> None:
        """The machine's wall clock is so wrong from now on."""
        self._wrong_by = wrong_by

    def pass_time(self, span: int) -> None:
        self.now += span

    def run(self, span: int) -> None:
        """The program runs, and sends whatever is admitted."""
        begun, end = self.now, self.now + span
        while self.now < end:
            self.replica.transact(self._step, patient=True)
            self.now += STEP
        self.awake.append((begun, self.now))

    def _step(self, state: DomainState, now: Moment) -> None:
        state.configure("model", self.rules, now.tick)
        self._read_dates(state)
        now = self.replica.moment()
        for _ in range(PER_STEP):
            verdict = state.decide(now, Ask(("model",), {Kind.REQUESTS: 1}, now.tick))
            if not isinstance(verdict, Reservation):
                return
            self._send(state, verdict, now)

    def _send(self, state: DomainState, call: Reservation, now: Moment) -> None:
        latency = self.chance.randrange(LATENCY)
        self.arrivals.append(self.now + latency)
        date = (self.now + latency) // NANOSECONDS * NANOSECONDS
        self._answers.append((self.now + 2 * latency, date, now.tick))
        call.answered_at = now.tick + 2 * latency
        state.change(call, call.booking, now)
        call.booked = call.booking

    def _read_dates(self, state: DomainState) -> None:
        """Of the answers that have come since, one a minute tells the time."""
        answers = [each for each in self._answers if each[0] <= self.now]
        self._answers = [each for each in self._answers if each[0] > self.now]
        for _, date, asked in answers:
            if self.now >= self._next_date:
                self._next_date = self.now + MINUTE.length
                tick = self.store.tick()
                observed_date(state, date, tick - asked, tick)

    def _open(self) -> None:
        """As a new process does."""
        boots, booted = self.boots, self._booted
        self.store = SqliteStore(
            self.path,
            since_boot=lambda: self.now - booted,
            boot=lambda: f"boot {boots}",
            wall=lambda: self.now + self._wrong_by,
        )
        self.replica = DomainReplica(DOMAIN, self.store, f"process {boots}", partial(_fail, self))

    def fullest_minute(self) -> int:
        times, first, most = sorted(self.arrivals), 0, 0
        for last, moment in enumerate(times):
            while times[first] <= moment - MINUTE.length:
                first += 1
            most = max(most, last - first + 1)
        return most

    def fullest_day(self) -> int:
        zone = ZoneInfo(ZONE)
        days = [
            datetime.fromtimestamp(each // NANOSECONDS, UTC).astimezone(zone).date() for each in self.arrivals
        ]
        return max(days.count(day) for day in set(days))

    def longest_stall(self) -> int:
        """Nanoseconds for which the program ran, the minute had room, and nothing was sent."""
        times, longest = sorted(self.arrivals), 0
        for begun, end in self.awake:
            inside = [begun, *(each for each in times if begun <= each < end), end]
            for earlier, later in pairwise(inside):
                full = [each for each in times if earlier - MINUTE.length < each <= earlier]
                free = full[-PER_MINUTE] + MINUTE.length if len(full) >= PER_MINUTE else earlier
                longest = max(longest, later - max(earlier, free))
        return longest


def _fail(world: World, said: str) -> None:
    raise AssertionError(f"{said} (after {world.boots} reboots)")


OFF = [10, 50, 600, 3_600, 7_200]
"""For how many seconds machines are off, or asleep."""


def happen(world: World, event: str, off: Sequence[int], worst_wall: int) -> None:
    """Something changes the machine's clocks."""
    if event == "reboot":
        world.reboot(world.chance.choice(off) * NANOSECONDS)
    elif event == "suspend":
        world.pass_time(world.chance.choice(off) * NANOSECONDS)
    elif event == "wall" and worst_wall:
        world.set_clock(world.chance.randrange(-worst_wall, worst_wall))


def live(world: World, hours: int, worst_wall: int) -> None:
    """So many hours, in which something happens every few minutes."""
    end = world.now + hours * HOUR
    while world.now < end:
        world.run(world.chance.randrange(20, 400) * NANOSECONDS)
        happen(world, world.chance.choice(["reboot", "suspend", "wall", "none"]), OFF, worst_wall)


@pytest.mark.parametrize("seed", range(2))
def test_no_minute_is_over_and_none_is_lost_whatever_the_clocks_do(tmp_path: Path, seed: int) -> None:
    world = World(tmp_path / "quota.sqlite3", random.Random(seed), MINUTELY)
    live(world, 12, worst_wall=25 * HOUR)
    world.store.close()
    assert len(world.arrivals) > 500
    assert world.fullest_minute() == PER_MINUTE
    assert world.longest_stall() < MINUTE.length


@pytest.mark.parametrize("before", [70, 101], ids=["the next day fills up", "this day fills up"])
@pytest.mark.parametrize("event", ["reboot", "suspend", "wall", "none"])
@pytest.mark.parametrize("seed", range(3))
def test_no_day_is_over_while_calls_are_sent_around_midnight(
    tmp_path: Path, seed: int, event: str, before: int
) -> None:
    """Three calls a second, as long as they are admitted; some are counted after midnight."""
    world = World(
        tmp_path / "quota.sqlite3", random.Random(seed), ONLY_DAILY, MIDNIGHT - before * NANOSECONDS
    )
    world.run(10 * NANOSECONDS)
    happen(world, event, [5, 15], 25 * HOUR)
    world.run(300 * NANOSECONDS)
    world.store.close()
    assert 0.9 * PER_DAY < world.fullest_day() <= PER_DAY


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("begin", [NOON, MIDNIGHT - HOUR // 6], ids=["noon", "evening"])
def test_no_day_is_over_while_the_wall_clock_is_set_by_up_to_a_day(
    tmp_path: Path, begin: int, seed: int
) -> None:
    """It is right when the machine is started, and set at any time from then on."""
    world = World(tmp_path / "quota.sqlite3", random.Random(seed), DAILY, begin)
    live(world, 18, worst_wall=25 * HOUR)
    world.store.close()
    assert world.fullest_day() == PER_DAY


@pytest.mark.parametrize("seed", [0, 8])
def test_a_clock_that_is_wrong_when_the_machine_starts_costs_no_more_than_the_calls_before_an_answer(
    tmp_path: Path, seed: int
) -> None:
    world = World(tmp_path / "quota.sqlite3", random.Random(seed), DAILY, right_at_start=False)
    live(world, 20, worst_wall=25 * HOUR)
    world.store.close()
    assert PER_DAY < world.fullest_day() <= PER_DAY + world.boots * PER_MINUTE
