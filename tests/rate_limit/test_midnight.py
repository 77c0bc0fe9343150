"""Close to midnight: on which day a call counts, on its fast way through a store too."""

from __future__ import annotations

import pytest

from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Kind, Limit, Scope, ScopeRules
from massgen_plugins.rate_limit.stores.memory import MemoryStore

SCOPE = Scope("gemini", "project", "model")
ZONE = "America/Los_Angeles"
MIDNIGHT = 1_790_060_400 * NANOSECONDS
ONE = {Kind.REQUESTS: 1}
LIMITS = (Limit(Kind.REQUESTS, 100, MINUTE), Limit(Kind.REQUESTS, 3, CalendarDay(ZONE)))


class Night:
    """A store, and seconds after midnight."""

    def __init__(self) -> None:
        self.seconds = -80.0
        self.store = MemoryStore(lambda: self._now(10**15), lambda: self._now(MIDNIGHT))
        self.store.configure(SCOPE, ScopeRules(LIMITS, cooldown_mode="off", zone=ZONE))

    def _now(self, zero: int) -> int:
        return zero + int(self.seconds * NANOSECONDS)

    def take(self, seconds: float, *, answered: bool = False) -> bool:
        self.seconds = seconds
        hold = self.store.take(SCOPE, ONE)
        if hold is not None and answered:
            hold.arrived = self.store.tick()
            self.store.rebook(SCOPE, [hold])
        return hold is not None


@pytest.mark.parametrize("first", [-2.9, -2.04])
@pytest.mark.parametrize("late", [-2.04, -1.95, -1.2, -0.1])
def test_calls_that_the_server_may_count_after_midnight_count_on_both_days(first: float, late: float) -> None:
    night = Night()
    assert night.take(first)
    assert [night.take(late) for _ in range(2)] == [True, True]
    assert [night.take(0.5) for _ in range(3)].count(True) <= 1


def test_the_day_turns_though_an_answer_has_come_meanwhile() -> None:
    """The answer of the oldest call moves the moment at which something ages out next."""
    night = Night()
    assert night.take(-70, answered=True)
    night.seconds = -10.5
    oldest = night.store.take(SCOPE, ONE)
    assert oldest is not None
    assert night.take(-9.9)
    oldest.arrived = night.store.tick()
    night.store.rebook(SCOPE, [oldest])
    assert [night.take(5) for _ in range(4)] == [True, True, True, False]
