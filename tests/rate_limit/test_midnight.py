"""Close to midnight: on which day a call counts, whatever becomes of others meanwhile."""

from __future__ import annotations

import pytest

from massgen_plugins.quota import MINUTE, NANOSECONDS, CalendarDay, Kind, Limit
from massgen_plugins.rate_limit.reservation import Reservation
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.testing.contract import Stand

ZONE = "America/Los_Angeles"
MIDNIGHT = 1_790_060_400 * NANOSECONDS
ONE = {Kind.REQUESTS: 1}


class Night:
    """A domain, and seconds after midnight."""

    def __init__(self) -> None:
        self.seconds = -80.0
        store = MemoryStore(lambda: self._now(10**15), lambda: self._now(MIDNIGHT), shared=True)
        self.stand = Stand(store, lambda _: None)
        self.stand.configure(Limit(Kind.REQUESTS, 100, MINUTE), Limit(Kind.REQUESTS, 3, CalendarDay(ZONE)))

    def _now(self, zero: int) -> int:
        return zero + int(self.seconds * NANOSECONDS)

    def take(self, seconds: float) -> Reservation | None:
        self.seconds = seconds
        granted = self.stand.ask(ONE).granted
        return granted[0] if granted else None

    def left(self, seconds: float, count: int) -> int:
        return sum(self.take(seconds) is not None for _ in range(count))


@pytest.mark.parametrize("first", [-2.9, -2.06])
@pytest.mark.parametrize("late", [-2.04, -1.95, -1.2, -0.1])
def test_calls_that_the_server_may_count_after_midnight_count_on_both_days(first: float, late: float) -> None:
    night = Night()
    assert night.left(first, 1) == 1
    assert night.left(late, 2) == 2
    assert night.left(0.5, 3) == 1


def test_the_day_turns_though_an_answer_has_come_meanwhile() -> None:
    """The answer of the oldest call moves the moment at which something ages out next."""
    night = Night()
    first = night.take(-70)
    night.stand.answered(first)
    oldest = night.take(-10.5)
    assert night.take(-9.9)
    night.stand.answered(oldest)
    assert night.left(5, 4) == 3


def test_what_is_given_back_after_midnight_is_given_back_to_the_day_that_it_was_taken_from() -> None:
    night = Night()
    evening = night.take(-10)
    assert night.left(5, 9) == 3
    evening.release()
    night.stand.know(evening)
    assert night.left(6, 9) == 0
