"""The SQLite store while the clocks of its machine do their worst, against a server whose clock is right.

Simulated hours of as many calls as are admitted, with reboots, suspends and a wall clock that is set. Each
answer says what time the server has.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from massgen_plugins.rate_limit.calendar_day import day_end, day_of
from massgen_plugins.rate_limit.line import Bid

from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Kind, Limit, Scope, ScopeRules, margin_of
from massgen_plugins.rate_limit.stores.sqlite import SqliteStore

ZONE = "America/Los_Angeles"
SCOPE = Scope("gemini", "project", "model")
PER_MINUTE, PER_DAY = 10, 300
MINUTELY = ScopeRules((Limit(Kind.REQUESTS, PER_MINUTE, MINUTE),), cooldown_mode="off")
DAILY = ScopeRules(
    (*MINUTELY.limits, Limit(Kind.REQUESTS, PER_DAY, CalendarDay(ZONE))), cooldown_mode="off", zone=ZONE
)
HOUR = 3600 * NANOSECONDS
NOON = 1_790_000_000 * NANOSECONDS
STEP = NANOSECONDS
"""How often the program asks, and so how late a call may be for that reason alone."""


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
    rules: ScopeRules
    now: int = NOON
    right_at_start: bool = True
    boots: int = 0
    arrivals: list[int] = field(default_factory=list)
    awake: list[tuple[int, int]] = field(default_factory=list)
    _wrong_by: int = 0
    _answers: list[tuple[int, int, int]] = field(default_factory=list)
    _deaf_until: int = 0
    _booted: int = 0

    def __post_init__(self) -> None:
        self._booted = self.now - HOUR
        self.store = self._open()

    def reboot(self, off: int) -> None:
        """The machine is off for so long, and begins to count from zero."""
        self.store.close()
        self._answers, self._deaf_until = [], 0
        self.now += off
        self._booted, self.boots = self.now, self.boots + 1
        self._wrong_by = 0 if self.right_at_start else self._wrong_by
        self.pass_time(self.chance.randrange(5, 40) * NANOSECONDS)
        self.store = self._open()

    def set_clock(self, wrong_by: int) -> None:
        """The machine's wall clock is so wrong from now on."""
        self._wrong_by = wrong_by

    def pass_time(self, span: int) -> None:
        self.now += span

    def run(self, span: int) -> None:
        """The program runs, and sends whatever is admitted."""
        begun, end = self.now, self.now + span
        while self.now < end:
            self._ask()
            self.now += STEP
        self.awake.append((begun, self.now))

    def _hear(self) -> None:
        """Of the answers that have come since, one a minute is listened to."""
        answers = [each for each in self._answers if each[0] <= self.now]
        self._answers = [each for each in self._answers if each[0] > self.now]
        for _, date, asked in answers:
            if self.now >= self._deaf_until:
                self._deaf_until = self.now + MINUTE.length
                self.store.hear(SCOPE, date, asked)

    def _ask(self) -> None:
        self._hear()
        tick = self.store.tick()
        decision = self.store.admit(SCOPE, "lane", [Bid(1, tick + n, {Kind.REQUESTS: 1}) for n in range(3)])
        for hold in decision.holds:
            latency = self.chance.randrange(margin_of(MINUTE))
            self.arrivals.append(self.now + latency)
            date = (self.now + latency) // NANOSECONDS * NANOSECONDS
            self._answers.append((self.now + 2 * latency, date, tick))
            hold.arrived = tick + latency
        self.store.rebook(SCOPE, decision.holds)

    def _open(self) -> SqliteStore:
        boots = self.boots
        store = SqliteStore(
            self.path,
            since_boot=lambda: self.now - self._booted,
            boot=lambda: f"boot {boots}",
            wall=lambda: self.now + self._wrong_by,
        )
        store.configure(SCOPE, self.rules)
        return store

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


OFF = [10, 50, 600, 3_600, 7_200]
"""For how many seconds machines are off, or asleep."""


def happen(world: World, event: str, off: Sequence[int], worst_wall: int) -> None:
    """Something befalls the machine's clocks."""
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


MIDNIGHT = day_end(day_of(NOON, ZONE), ZONE)
RUSH = ScopeRules((Limit(Kind.REQUESTS, PER_DAY, CalendarDay(ZONE)),), cooldown_mode="off", zone=ZONE)


@pytest.mark.parametrize("before", [70, 101], ids=["the next day fills up", "this day fills up"])
@pytest.mark.parametrize("event", ["reboot", "suspend", "wall", "none"])
@pytest.mark.parametrize("seed", range(3))
def test_no_day_is_over_while_calls_are_sent_around_midnight(
    tmp_path: Path, seed: int, event: str, before: int
) -> None:
    """Three calls a second, as long as they are admitted; some are counted after midnight."""
    world = World(tmp_path / "quota.sqlite3", random.Random(seed), RUSH, MIDNIGHT - before * NANOSECONDS)
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


def test_a_clock_that_is_wrong_when_the_machine_starts_costs_no_more_than_the_calls_before_an_answer(
    tmp_path: Path,
) -> None:
    world = World(tmp_path / "quota.sqlite3", random.Random(3), DAILY, right_at_start=False)
    live(world, 20, worst_wall=25 * HOUR)
    world.store.close()
    assert PER_DAY < world.fullest_day() <= PER_DAY + world.boots * PER_MINUTE
