"""Calls that look for a connection for long after they were admitted."""

from __future__ import annotations

import pytest

from massgen_plugins.quota import (
    MINUTE,
    NANOSECONDS,
    Bucket,
    CalendarDay,
    Domain,
    Kind,
    Limit,
    PoolRules,
    Window,
)
from massgen_plugins.rate_limit.limiter import Limiter
from massgen_plugins.rate_limit.reservation import Ask, Reservation
from massgen_plugins.rate_limit.stores.memory import MemoryStore
from massgen_plugins.testing.virtual_time import virtual_time

DOMAIN = Domain("gemini", "project")
ONE = {Kind.REQUESTS: 1}
MIDNIGHT = 1_790_060_400 * NANOSECONDS
PACIFIC = CalendarDay("America/Los_Angeles")


@pytest.mark.parametrize("seconds", [40, 61])
@pytest.mark.parametrize("window", [MINUTE, PACIFIC, Bucket(MINUTE.length)])
def test_a_call_counts_from_when_it_is_written(window: Window, seconds: int) -> None:
    """Midnight passes meanwhile."""
    assert not _another_fits(window, seconds)


def test_a_call_that_is_written_more_than_a_window_after_its_admission_counts() -> None:
    assert not _another_fits(MINUTE, 70)


def _another_fits(window: Window, seconds: int) -> bool:
    """Whether, after the only call that is allowed was written so late, another one may leave."""
    rules = PoolRules((Limit(Kind.REQUESTS, 1, window),), cooldown_mode="off", zone=PACIFIC.zone)
    with virtual_time() as clock:
        zero = MIDNIGHT - clock.tick() - 20 * NANOSECONDS
        limiter = Limiter(MemoryStore(clock.tick, lambda: zero + clock.tick()), lambda _: rules)
        domain = limiter.domain(DOMAIN)
        late = clock.run(domain.acquire(Ask(("model",), ONE, clock.tick())))
        clock.advance(seconds)
        late.written()
        limiter.flush()
        verdict = domain.queue.look(lambda state, now: state.decide(now, Ask(("model",), ONE, now.tick)))
        return isinstance(verdict, Reservation)
